"""The bucket that origins watch follows the records, whoever changes them and whenever api was there."""

from headwater.internal.v1.protection_pb2 import Policy
from services.common import subjects
from tests.api.running import ApiServer, Others, Rest, until


def policy(others: Others, key: str) -> Policy | None:
    found = others.get(subjects.POLICIES, key)
    return Policy.FromString(found) if found is not None else None


def test_rules_reach_origins_and_a_deleted_livestream_is_refused(rest: Rest, others: Others) -> None:
    """Made, changed, deleted."""
    sent = {"recording": {"requireSignedUrls": True, "allowedOrigins": ["example.com"]}}
    made = rest.call("POST", "/v1/livestreams", sent)["id"]
    found = until(lambda: policy(others, made))
    assert (found.tenant_id, found.require_signed_urls, list(found.allowed_origins)) == (
        "default",
        True,
        ["example.com"],
    )
    rest.call("PATCH", f"/v1/livestreams/{made}", {"recording": {"requireSignedUrls": False}})
    until(lambda: policy(others, made), lambda each: each is not None and not each.require_signed_urls)
    rest.call("DELETE", f"/v1/livestreams/{made}")
    until(lambda: policy(others, made), lambda each: each is not None and each.is_deleted)


def test_policy_that_was_not_written_is_made_up_for(api: ApiServer, rest: Rest, others: Others) -> None:
    """As if api had died between record and policy."""
    made = rest.call("POST", "/v1/livestreams", {"recording": {"requireSignedUrls": True}})["id"]
    until(lambda: policy(others, made))
    api.kill()
    others.remove(subjects.POLICIES, made)
    api.start()
    with api.client():
        assert until(lambda: policy(others, made)).require_signed_urls


def test_signing_keys_are_the_tenants_own_secret(rest: Rest, others: Others) -> None:
    """The bucket has the public half of a customer's key, and the tenant's own only sealed."""
    key = rest.call("POST", "/v1/signingKeys", {})
    livestream = rest.call("POST", "/v1/livestreams", {})["id"]
    token = rest.call("POST", f"/v1/livestreams/{livestream}/playbackTokens", {"downloadable": True})
    assert token["token"].count(".") == 2
    listed = rest.call("GET", "/v1/signingKeys")["signingKeys"]
    assert [each["id"] for each in listed] == [key["id"]]
    assert "pem" not in listed[0]
    kept = b"".join(others.get(subjects.SIGNING_KEYS, name) or b"" for name in others.keys(subjects.SIGNING_KEYS))
    assert b"PRIVATE" not in kept
    rest.call("DELETE", f"/v1/signingKeys/{key['id']}")
    body = {"signingKeyId": key["id"], "pem": key["pem"]}
    assert rest.post(f"/v1/livestreams/{livestream}/playbackTokens", json=body).status_code == 404
