"""Policies out of records: nothing of what protects is left out."""

import pytest

from headwater.internal.v1.protection_pb2 import Policy
from headwater.internal.v1.records_pb2 import CaptionRecord, LivestreamRecord, MediaRecord, RecordingRules
from services.api.protecting.policy import policy_of_livestream, policy_of_media

RULES = RecordingRules(require_signed_urls=True, allowed_origins=["example.com"], hide_viewer_count=True)


def test_livestream_has_its_rules_and_switches() -> None:
    """Records of before there were tenants are the first one's."""
    record = LivestreamRecord(id="a", recording=RULES, has_no_dvr=True, has_no_low_latency=True)

    assert policy_of_livestream(record) == Policy(
        tenant_id="default",
        livestream_id="a",
        require_signed_urls=True,
        allowed_origins=["example.com"],
        hide_viewer_count=True,
        has_no_dvr=True,
        has_no_low_latency=True,
    )


def test_deleted_livestream_is_refused() -> None:
    """From the moment it is marked."""
    assert policy_of_livestream(LivestreamRecord(id="a", tenant_id="t", delete_time_us=1)).is_deleted


@pytest.mark.parametrize("delete_us", [0, 1])
def test_media_has_rules_of_its_own(delete_us: int) -> None:
    """In the bin nobody watches it."""
    media = MediaRecord(id="m", livestream_id="a", tenant_id="t", delete_time_us=delete_us, access=RULES)
    found = policy_of_media(media)

    assert (found.tenant_id, found.livestream_id, found.is_deleted) == ("t", "a", bool(delete_us))
    assert (found.require_signed_urls, list(found.allowed_origins)) == (True, ["example.com"])


def test_media_has_its_text_tracks() -> None:
    """With the name that players show; a language without a known one is called by its tag."""
    kept = [CaptionRecord(language="de", object_key="k/1"), CaptionRecord(language="gsw", object_key="k/2")]
    found = policy_of_media(MediaRecord(id="m", captions=kept))

    assert [(each.language, each.label, each.object_key) for each in found.captions] == [
        ("de", "Deutsch", "k/1"),
        ("gsw", "gsw", "k/2"),
    ]
