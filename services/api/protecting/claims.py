"""What a token that is made on request says. Pure."""

from collections.abc import Iterable
from typing import Any

from headwater.v1.signing_keys_pb2 import AccessRule, CreatePlaybackTokenRequest
from services.common.errors import AppError, Kind
from services.common.protection.rules import RuleError, parse_rules
from services.common.protection.token import MAX_LIFE_S

LIFE_S = 3600
"""How long a token lives that says nothing else; it begins as long ago, since clocks differ."""

_TYPES = {AccessRule.ANY: "any", AccessRule.IP: "ip.src", AccessRule.COUNTRY: "ip.geoip.country"}


def claims_of(request: CreatePlaybackTokenRequest, now: float) -> dict[str, Any]:
    """`now` in Unix seconds. AppError(INVALID) names the field that is wrong."""
    expires = request.expire_time.ToSeconds() if request.HasField("expire_time") else int(now) + LIFE_S
    begins = request.not_before.ToSeconds() if request.HasField("not_before") else int(now) - LIFE_S
    if expires <= now:
        raise AppError(Kind.INVALID, "must be in the future", field="expireTime")
    if expires > now + MAX_LIFE_S:
        raise AppError(Kind.INVALID, "must be within 24 hours", field="expireTime")
    if begins >= expires:
        raise AppError(Kind.INVALID, "must be before expireTime", field="notBefore")
    claims: dict[str, Any] = {"sub": request.id, "exp": expires, "nbf": begins}
    if request.downloadable:
        claims["downloadable"] = True
    if request.access_rules:
        claims["accessRules"] = _rules(request.access_rules)
    return claims


def _rules(rules: Iterable[AccessRule]) -> list[dict[str, Any]]:
    found = [_rule(rule) for rule in rules]
    try:
        parse_rules(found)
    except RuleError as error:
        raise AppError(Kind.INVALID, str(error), field="accessRules") from None
    return found


def _rule(rule: AccessRule) -> dict[str, Any]:
    claim: dict[str, Any] = {
        "type": _TYPES[rule.type],
        "action": "allow" if rule.action == AccessRule.ALLOW else "block",
    }
    if rule.ip:
        claim["ip"] = list(rule.ip)
    if rule.country:
        claim["country"] = list(rule.country)
    return claim
