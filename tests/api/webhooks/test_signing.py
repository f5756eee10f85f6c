"""Headers of a delivery, checked by another program."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from headwater.v1.webhooks_pb2 import Webhook
from services.api.webhooks.formats.spelling import dashed
from services.api.webhooks.formats.table import Format
from services.api.webhooks.signing import Sending, headers, hmac_of
from tests.api.webhooks.openssl import hmac_sha256, is_signed

BODY = '{"a":"ä\n"}'.encode()
SECRET = "s3cret"
NOW_S = 1_800_000_000
DELIVERY, WEBHOOK = "d" * 32, "e" * 32


def _sending(format_: Format, *, is_secure: bool = False) -> Sending:
    return Sending(format_, WEBHOOK, DELIVERY, BODY, is_secure)


@pytest.mark.parametrize("format_", [Webhook.NATIVE, Webhook.STREAM, Webhook.STREAM_LIVE, Webhook.STREAMDIVER])
def test_hmac_is_over_time_and_raw_body(format_: Format) -> None:
    """As openssl reckons it."""
    signed = hmac_sha256(SECRET, f"{NOW_S}.".encode() + BODY)

    assert headers(_sending(format_), SECRET, None, NOW_S) == {
        "Content-Type": "application/json",
        "User-Agent": "Headwater-Webhooks",
        "Webhook-Id": DELIVERY,
        "Webhook-Signature": f"time={NOW_S},sig1={signed}",
    }


def test_signature_follows_time_body_and_secret() -> None:
    """Another of any of them is another signature."""
    signatures = {
        hmac_of(SECRET, NOW_S, BODY),
        hmac_of(SECRET, NOW_S + 1, BODY),
        hmac_of(SECRET, NOW_S, BODY + b" "),
        hmac_of("other", NOW_S, BODY),
    }

    assert len(signatures) == 4


def test_rsa_signature_is_checked_by_the_public_key(tmp_path: Path) -> None:
    """Under both names of the product; a changed body does not pass."""
    key = rsa.generate_private_key(65_537, 2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    sent = headers(_sending(Webhook.REALTIMEKIT), SECRET, key, NOW_S)

    assert is_signed(tmp_path, public.decode(), sent["rtk-signature"], BODY)
    assert not is_signed(tmp_path, public.decode(), sent["rtk-signature"], BODY + b" ")
    assert sent["dyte-signature"] == sent["rtk-signature"]
    assert sent["rtk-uuid"] == sent["dyte-uuid"] == dashed(DELIVERY)
    assert sent["rtk-webhook-id"] == sent["dyte-webhook-id"] == dashed(WEBHOOK)
    assert "Webhook-Signature" not in sent


def test_secret_itself_is_sent_over_tls_only() -> None:
    """The one product that sends it gets it where nobody else can read it."""
    assert headers(_sending(Webhook.STREAM_LIVE, is_secure=True), SECRET, None, NOW_S)["cf-webhook-auth"] == SECRET
    assert SECRET not in str(headers(_sending(Webhook.STREAM_LIVE), SECRET, None, NOW_S))
    assert SECRET not in str(headers(_sending(Webhook.NATIVE, is_secure=True), SECRET, None, NOW_S))
