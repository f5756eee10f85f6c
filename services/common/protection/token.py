"""Playback tokens: JSON Web Tokens (RFC 7519), signed with RS256 and nothing else. Pure.

`sub` is what may be watched: a livestream, a broadcast or a media; `kid` the signing key, in the header or, as one
product has it, in the body. Times may be numbers or words.
"""

import math
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey

from services.common.protection.rules import Rule, RuleError, parse_rules

if TYPE_CHECKING:
    from jwt.types import Options

ALGORITHM = "RS256"
MAX_LENGTH = 4096
MAX_LIFE_S = 24 * 3600
"""A token lives this long at most, counted from now: one that says more is refused."""
LEEWAY_S = 5
"""By so much clocks may differ."""

_SIGNATURE_ALONE: "Options" = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}
"""Times are ours to judge, by a clock that is handed in, and no other claim is asked for."""
_NOTHING: "Options" = {**_SIGNATURE_ALONE, "verify_signature": False}
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_KID = re.compile(r"[0-9a-f]{32}")


class TokenError(ValueError):
    """The token does not permit it; the text says why and is safe to show."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What a token permits, once its signature has been checked."""

    subject: str
    """32 hex digits."""
    key_id: str
    not_before: float
    expires: float
    """Unix seconds."""
    is_downloadable: bool
    rules: tuple[Rule, ...]


def looks_like_token(text: str) -> bool:
    """Whether a path segment is a token and no id."""
    return len(text) <= MAX_LENGTH and _SHAPE.fullmatch(text) is not None


def key_id_of(token: str) -> str:
    """Which key is said to have signed it; nothing in it is believed yet. TokenError if it names none."""
    if not looks_like_token(token):
        raise TokenError("this is no token")
    try:
        header = jwt.get_unverified_header(token)
        body = jwt.decode(token, options=_NOTHING)
    except jwt.PyJWTError:
        raise TokenError("this is no token") from None
    if header.get("alg") != ALGORITHM:
        raise TokenError(f"only {ALGORITHM} is taken")
    found = header.get("kid") or body.get("kid")
    kid = found.replace("-", "") if isinstance(found, str) else ""
    if _KID.fullmatch(kid) is None:
        raise TokenError("the token names no key")
    return kid


def subject_of(token: str) -> str:
    """What it is said to be for; nothing in it is believed yet. TokenError if it names nothing."""
    try:
        return _subject(jwt.decode(token, options=_NOTHING).get("sub"))
    except jwt.PyJWTError:
        raise TokenError("this is no token") from None


def verified(token: str, key: RSAPublicKey) -> Permission:
    """What it permits, if this key has signed it. Times are read and not judged: see `check_time`."""
    kid = key_id_of(token)
    try:
        claims = jwt.decode(token, key, algorithms=[ALGORITHM], options=_SIGNATURE_ALONE)
    except jwt.PyJWTError:
        raise TokenError("the token's signature is wrong") from None
    try:
        rules = parse_rules(claims.get("accessRules"))
    except RuleError as error:
        raise TokenError(str(error)) from None
    return Permission(
        subject=_subject(claims.get("sub")),
        key_id=kid,
        not_before=_time(claims, "nbf", 0.0),
        expires=_time(claims, "exp", math.nan),
        is_downloadable=claims.get("downloadable") is True,
        rules=rules,
    )


def check_time(permission: Permission, now: float) -> None:
    """TokenError before its time and after it, and if it lives too long. `now` in Unix seconds."""
    if now < permission.not_before - LEEWAY_S:
        raise TokenError("the token is not valid yet")
    if now >= permission.expires + LEEWAY_S:
        raise TokenError("the token has expired")
    if permission.expires > now + MAX_LIFE_S + LEEWAY_S:
        raise TokenError("the token lives longer than 24 hours")


def sign(claims: dict[str, Any], key: RSAPrivateKey, key_id: str) -> str:
    """A token with these claims."""
    return jwt.encode({**claims, "kid": key_id}, key, algorithm=ALGORITHM, headers={"kid": key_id})


def permits(permission: Permission, subjects: Sequence[str]) -> bool:
    """Whether it is for one of these: what is asked for, by any of its names."""
    return permission.subject in subjects


def _subject(claim: object) -> str:
    if isinstance(claim, str):
        try:
            return uuid.UUID(claim).hex
        except ValueError:
            pass
    raise TokenError("the token names nothing to watch")


def _time(claims: dict[str, Any], name: str, default: float) -> float:
    found: Any = claims.get(name, default)
    try:
        time = math.nan if isinstance(found, bool) else float(found)
    except (TypeError, ValueError, OverflowError):
        time = math.nan
    if not -1e12 < time < 1e12:
        raise TokenError(f"the token's {name} is no time")
    return time
