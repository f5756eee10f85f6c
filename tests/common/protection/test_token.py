"""Playback tokens: what is signed by this key with RS256 is read, and nothing else."""

import base64
import hmac
import json
from contextlib import suppress
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from services.common.protection.token import (
    TokenError,
    check_time,
    key_id_of,
    looks_like_token,
    permits,
    sign,
    verified,
)

KEY = rsa.generate_private_key(65537, 2048)
OTHER = rsa.generate_private_key(65537, 2048)
KID = "ab" * 16
STREAM = "cd" * 16
NOW = 1_800_000_000.0


def token(**claims: Any) -> str:
    return sign({"sub": STREAM, "exp": int(NOW) + 3600} | claims, KEY, KID)


def test_signed_token_is_read() -> None:
    """With its key in the header and in the body."""
    found = verified(token(downloadable=True, nbf=int(NOW) - 60), KEY.public_key())

    assert (found.subject, found.key_id, found.is_downloadable) == (STREAM, KID, True)
    assert (found.not_before, found.expires) == (NOW - 60, NOW + 3600)
    check_time(found, NOW)
    assert permits(found, ["x", STREAM])
    assert not permits(found, ["x"])


def test_times_may_be_words_and_ids_dashed() -> None:
    """As one vendor's own samples have them."""
    sent = sign({"sub": "cdcdcdcd-cdcd-cdcd-cdcd-cdcdcdcdcdcd", "exp": str(int(NOW) + 60), "nbf": "0"}, KEY, KID)
    found = verified(sent, KEY.public_key())

    assert (found.subject, found.expires) == (STREAM, NOW + 60)


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": int(NOW) - 60}, "expired"),
        ({"nbf": int(NOW) + 60}, "not valid yet"),
        ({"exp": int(NOW) + 25 * 3600}, "24 hours"),
    ],
)
def test_token_out_of_its_time_is_refused(claims: dict[str, Any], why: str) -> None:
    """A minute early, a minute late, and one that lives too long."""
    with pytest.raises(TokenError, match=why):
        check_time(verified(token(**claims), KEY.public_key()), NOW)


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 1e300},
        {"exp": [1]},
        {"nbf": "x"},
        {"sub": None},
        {"sub": "me"},
        {"sub": 7},
        {"accessRules": "any"},
        {"accessRules": [{"type": "any"}]},
    ],
)
def test_claim_that_is_none_is_refused(claims: dict[str, Any]) -> None:
    """Whoever signed it: a token without an end is not one without limits."""
    with pytest.raises(TokenError):
        verified(token(**claims), KEY.public_key())


def test_foreign_signature_is_refused() -> None:
    """Another key's, and one that was changed."""
    good = token()
    with pytest.raises(TokenError, match="signature"):
        verified(good, OTHER.public_key())
    head, body, signature = good.split(".")
    changed = base64.urlsafe_b64encode(json.dumps({"sub": "ef" * 16, "exp": int(NOW) + 60, "kid": KID}).encode())
    with pytest.raises(TokenError, match="signature"):
        verified(f"{head}.{changed.decode().rstrip('=')}.{signature}", KEY.public_key())
    assert body


def test_other_algorithms_are_refused() -> None:
    """`none`, and HS256 with the public key as its secret."""
    public = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = {"sub": STREAM, "exp": int(NOW) + 60, "kid": KID}
    for forged in (
        jwt.encode(claims, "", algorithm="none", headers={"kid": KID}) + "AA",
        _hs256(claims, public),
    ):
        with pytest.raises(TokenError, match="RS256"):
            verified(forged, KEY.public_key())


def _hs256(claims: dict[str, Any], secret: bytes) -> str:
    """By hand: the library refuses to make it."""
    parts = [{"alg": "HS256", "typ": "JWT", "kid": KID}, claims]
    told = b".".join(_encoded(json.dumps(part).encode()) for part in parts)
    return (told + b"." + _encoded(hmac.digest(secret, told, "sha256"))).decode()


def _encoded(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


@pytest.mark.parametrize("kid", [None, 7, "", "../x", "ab"])
def test_token_without_a_key_is_refused(kid: object) -> None:
    """The key is what says whose it is."""
    sent = jwt.encode({"sub": STREAM, "exp": int(NOW) + 60, "kid": kid}, KEY, algorithm="RS256")
    with pytest.raises(TokenError, match="key"):
        key_id_of(sent)


@given(st.text(max_size=200))
def test_any_text_is_a_token_or_refused(text: str) -> None:
    """Nothing but TokenError comes of what strangers send."""
    with suppress(TokenError):
        verified(text, KEY.public_key())
    assert not looks_like_token("ab" * 16)
