"""The headers of a delivery, its signature among them.

HMAC: `Webhook-Signature: time=<Unix seconds>,sig1=<hex>` over time, a dot and the raw body, as Cloudflare Stream does.
RealtimeKit and Dyte: RSA (PKCS #1 v1.5) with SHA-256 over the raw body, base64, checked with a public key.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from headwater.v1.webhooks_pb2 import Webhook
from services.api.webhooks.formats.spelling import dashed
from services.api.webhooks.formats.table import Format

USER_AGENT = "Headwater-Webhooks"


@dataclass(frozen=True, slots=True)
class Sending:
    """What is signed."""

    format: Format
    webhook_id: str
    delivery_id: str
    body: bytes
    is_secure: bool
    """Whether it goes over TLS."""


def headers(sending: Sending, secret: str, key: RSAPrivateKey | None, now_s: int) -> dict[str, str]:
    """`key` is needed for REALTIMEKIT alone."""
    fields = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Webhook-Id": sending.delivery_id,
    }
    if key is not None:
        return fields | _rsa_fields(sending, key)
    fields["Webhook-Signature"] = f"time={now_s},sig1={hmac_of(secret, now_s, sending.body)}"
    if sending.format == Webhook.STREAM_LIVE and sending.is_secure:
        # That product sends the secret itself; where anybody could read it, the signature alone must do.
        fields["cf-webhook-auth"] = secret
    return fields


def hmac_of(secret: str, now_s: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{now_s}.".encode() + body, hashlib.sha256).hexdigest()


def _rsa_fields(sending: Sending, key: RSAPrivateKey) -> dict[str, str]:
    """Under both names of the product."""
    signature = base64.b64encode(key.sign(sending.body, padding.PKCS1v15(), hashes.SHA256())).decode()
    said = {"signature": signature, "uuid": dashed(sending.delivery_id), "webhook-id": dashed(sending.webhook_id)}
    return {f"{vendor}-{name}": value for vendor in ("rtk", "dyte") for name, value in said.items()}
