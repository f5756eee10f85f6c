"""What a token made on request says: its times within bounds, its rules understood."""

from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from headwater.v1.signing_keys_pb2 import AccessRule, CreatePlaybackTokenRequest
from services.api.protecting.claims import LIFE_S, claims_of
from services.common.errors import AppError, Kind

NOW = 1_800_000_000.5
ID = "ab" * 16


def at(seconds: float) -> Timestamp:
    return Timestamp(seconds=int(NOW + seconds))


def test_token_lives_an_hour_unless_it_is_said() -> None:
    """And begins an hour ago, since clocks differ."""
    assert claims_of(CreatePlaybackTokenRequest(id=ID), NOW) == {
        "sub": ID,
        "exp": int(NOW) + LIFE_S,
        "nbf": int(NOW) - LIFE_S,
    }


def test_everything_that_is_asked_for_is_said() -> None:
    """In the vendor's words."""
    request = CreatePlaybackTokenRequest(
        id=ID,
        expire_time=at(60),
        not_before=at(-5),
        downloadable=True,
        access_rules=[
            AccessRule(type=AccessRule.IP, action=AccessRule.ALLOW, ip=["10.0.0.0/8"]),
            AccessRule(type=AccessRule.COUNTRY, action=AccessRule.BLOCK, country=["AT"]),
            AccessRule(type=AccessRule.ANY, action=AccessRule.BLOCK),
        ],
    )
    assert claims_of(request, NOW) == {
        "sub": ID,
        "exp": int(NOW + 60),
        "nbf": int(NOW - 5),
        "downloadable": True,
        "accessRules": [
            {"type": "ip.src", "action": "allow", "ip": ["10.0.0.0/8"]},
            {"type": "ip.geoip.country", "action": "block", "country": ["AT"]},
            {"type": "any", "action": "block"},
        ],
    }


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"expire_time": at(-1)}, "expireTime"),
        ({"expire_time": at(24 * 3600 + 60)}, "expireTime"),
        ({"not_before": at(7200)}, "notBefore"),
        ({"access_rules": [AccessRule(type=AccessRule.IP, action=AccessRule.BLOCK)]}, "accessRules"),
        ({"access_rules": [AccessRule(type=AccessRule.IP, action=AccessRule.BLOCK, ip=["x"])]}, "accessRules"),
    ],
)
def test_wrong_request_names_the_field(given: dict[str, Any], field: str) -> None:
    """A token that every origin would refuse is not made."""
    with pytest.raises(AppError) as told:
        claims_of(CreatePlaybackTokenRequest(id=ID, **given), NOW)
    assert (told.value.kind, told.value.field) == (Kind.INVALID, field)
