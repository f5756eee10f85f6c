"""Who may watch: every alias of what is protected is, and what is taken back holds at once."""

from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from headwater.internal.v1.protection_pb2 import Policy, SigningKeyRecord
from services.common.protection.countries import CountryTable
from services.common.protection.token import sign
from services.packager.origin.gate import OPEN, Ask, Gate

KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))
KID, OTHER_KID = "aa" * 16, "bb" * 16
STREAM, BROADCAST = "cc" * 16, "dd" * 16
NOW = 1_800_000_000.0
LIVE = Ask(STREAM, BROADCAST, by_livestream=True, is_live=True)
SEGMENT = replace(LIVE, by_livestream=False)
RECORDED = replace(SEGMENT, is_live=False)


def record(kid: str, key: rsa.RSAPrivateKey, tenant: str) -> SigningKeyRecord:
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return SigningKeyRecord(id=kid, tenant_id=tenant, public_key=public)


def token(key: rsa.RSAPrivateKey = KEY, kid: str = KID, **claims: Any) -> str:
    return sign({"sub": STREAM, "exp": int(NOW) + 600} | claims, key, kid)


def policy(**rules: Any) -> Policy:
    return Policy(tenant_id="t", livestream_id=STREAM, **rules)


@pytest.fixture
def gate() -> Gate:
    """Of one signed livestream, two tenants' keys."""
    made = Gate(countries=CountryTable(["192.0.2.0,192.0.2.255,AT"]))
    made.learn_policy(STREAM, policy(require_signed_urls=True))
    made.learn_key(KID, record(KID, KEY, "t"))
    made.learn_key(OTHER_KID, record(OTHER_KID, OTHER, "u"))
    return made


@pytest.mark.parametrize("ask", [LIVE, SEGMENT, RECORDED])
def test_signed_livestream_needs_a_token_by_every_name(gate: Gate, ask: Ask) -> None:
    """None: 401; a good one: let in, and no cache may keep it."""
    assert gate.judge(ask, NOW).status == 401
    found = gate.judge(replace(ask, token=token()), NOW)
    assert (found.status, found.is_private) == (200, True)
    assert gate.judge(replace(ask, token=token(sub=BROADCAST)), NOW).status == 200


@pytest.mark.parametrize(
    ("shown", "why"),
    [
        (token(exp=int(NOW) - 60), "expired"),
        (token(nbf=int(NOW) + 60), "not valid yet"),
        (token(sub="ee" * 16), "something else"),
        (token(OTHER, OTHER_KID), "key is not known"),
        (token(OTHER, KID), "signature"),
        (token(KEY, "ff" * 16), "key is not known"),
        ("a.b.c", "no token"),
        ("x" * 5000, "no token"),
    ],
)
def test_bad_token_is_refused(gate: Gate, shown: str, why: str) -> None:
    """Out of its time, for another stream, of another tenant's key, of no key, and no token at all."""
    found = gate.judge(replace(SEGMENT, token=shown), NOW)
    assert found.status == 401
    assert why in found.reason


def test_revoked_key_ends_its_tokens_at_once(gate: Gate) -> None:
    """Also those that were good a moment ago."""
    ask = replace(SEGMENT, token=token())
    assert gate.judge(ask, NOW).status == 200
    gate.learn_key(KID, None)
    assert gate.judge(ask, NOW).status == 401


def test_remembered_token_still_expires(gate: Gate) -> None:
    """What is remembered is its signature, not its time."""
    ask = replace(SEGMENT, token=token(exp=int(NOW) + 10))
    assert gate.judge(ask, NOW).status == 200
    assert gate.judge(ask, NOW + 60).status == 401


def test_rules_of_a_token_keep_viewers_out(gate: Gate) -> None:
    """By address, by country, and downloads by a word of their own."""
    austria = [
        {"type": "ip.geoip.country", "action": "allow", "country": ["AT"]},
        {"type": "any", "action": "block"},
    ]
    ask = replace(SEGMENT, token=token(accessRules=austria))
    assert gate.judge(replace(ask, address="192.0.2.7"), NOW).status == 200
    assert gate.judge(replace(ask, address="198.51.100.7"), NOW).status == 403
    file = replace(RECORDED, token=token(), is_file=True)
    assert gate.judge(file, NOW).status == 403
    assert gate.judge(replace(file, token=token(downloadable=True)), NOW).status == 200


def test_other_sites_may_not_show_it() -> None:
    """Nor may who does not say where he is."""
    gate = Gate()
    gate.learn_policy(STREAM, policy(allowed_origins=["example.com"]))
    assert gate.judge(replace(LIVE, origin="https://example.com"), NOW).status == 200
    assert gate.judge(replace(LIVE, origin="https://evil.org"), NOW).status == 403
    assert gate.judge(replace(LIVE, referer="https://example.com/p"), NOW).status == 200
    assert gate.judge(LIVE, NOW).status == 403


def test_who_names_no_site_is_let_in_where_the_operator_wants_it() -> None:
    """Programs and pages that say nothing; another site is still refused."""
    gate = Gate(nameless_is_shown=True)
    gate.learn_policy(STREAM, policy(allowed_origins=["example.com"]))
    assert gate.judge(LIVE, NOW).status == 200
    assert gate.judge(replace(LIVE, referer="https://evil.org/page"), NOW).status == 403


def test_livestreams_rules_hold_by_its_id_and_medias_by_its_own() -> None:
    """While it is live both hold for what lies under the broadcast's id."""
    gate = Gate()
    gate.learn_policy(STREAM, policy(require_signed_urls=True))
    gate.learn_policy(BROADCAST, policy())
    assert [gate.is_open(ask) for ask in (LIVE, SEGMENT, RECORDED)] == [False, False, True]
    gate.learn_policy(STREAM, policy())
    gate.learn_policy(BROADCAST, policy(require_signed_urls=True))
    assert [gate.is_open(ask) for ask in (LIVE, SEGMENT, RECORDED)] == [True, False, False]


def test_deleted_is_not_there_whatever_is_shown(gate: Gate) -> None:
    """A recording outlives its livestream."""
    gate.learn_policy(STREAM, policy(is_deleted=True))
    gate.learn_policy(BROADCAST, policy())
    assert gate.judge(replace(LIVE, token=token()), NOW).status == 404
    assert gate.judge(RECORDED, NOW) == OPEN
    gate.learn_policy(BROADCAST, policy(is_deleted=True))
    assert gate.judge(RECORDED, NOW).status == 404


def test_what_was_never_told_of_is_refused() -> None:
    """Unless the operator wants it otherwise."""
    assert Gate().judge(LIVE, NOW).status == 404
    assert Gate(unknown_is_open=True).judge(LIVE, NOW) == OPEN


def test_version_grows_with_what_may_change_a_verdict() -> None:
    """And not with what says the same again."""
    gate = Gate()
    gate.learn_policy(STREAM, policy())
    before = gate.version
    gate.learn_policy(STREAM, policy())
    assert gate.version == before
    gate.learn_policy(STREAM, policy(hide_viewer_count=True))
    assert (gate.version > before, gate.hides_viewers(STREAM), gate.hides_viewers("x")) == (True, True, True)
