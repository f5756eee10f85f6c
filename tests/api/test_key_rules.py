"""What stream keys open, by where their livestream stands."""

import pytest

from headwater.internal.v1.onair_pb2 import Rules
from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api import broadcast, key_rules
from services.api.key_rules import wanted_key
from services.common.input_rules import QUOTA_REFUSAL
from tests.api.stories import BROADCAST, LIVESTREAM, SECOND_US, START_US, broadcast_facts

LIVE, OVER = 3, 12
ARMED_US = START_US - SECOND_US
ARCHIVED = LivestreamRecord(rules=Rules(record=True))


def newest(facts: int) -> BroadcastRecord:
    record = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True)
    for each in broadcast_facts()[:facts]:
        broadcast.note_fact(record, each)
    return record


def test_usual_key_opens_whatever_is_on_air() -> None:
    """And a new broadcast too."""
    for before in (None, newest(LIVE), newest(OVER)):
        key = wanted_key(LivestreamRecord(id="l"), "primary", before, START_US)
        assert (key.is_enabled, key.refusal, key.broadcast_id, key.tenant_id) == (True, "", "", "default")


def test_disabled_key_says_so() -> None:
    """First of all reasons."""
    record = LivestreamRecord(is_disabled=True, is_single_use=True, start=Livestream.MANUAL)

    assert wanted_key(record, "primary", newest(OVER), START_US).refusal == key_rules.DISABLED


@pytest.mark.parametrize(
    ("armed_us", "facts", "opens", "only"),
    [
        (0, None, False, ""),
        (ARMED_US, None, True, ""),
        (ARMED_US, LIVE, True, BROADCAST),
        (ARMED_US, OVER, False, ""),
        (START_US + 100 * SECOND_US, OVER, True, ""),
    ],
)
def test_key_of_a_manual_start_opens_between_order_and_end(
    armed_us: int, facts: int | None, opens: bool, only: str
) -> None:
    """Once the broadcast has begun, that one alone."""
    record = LivestreamRecord(start=Livestream.MANUAL, armed_time_us=armed_us)
    now_us = max(armed_us, START_US) + SECOND_US
    before = None if facts is None else newest(facts)

    key = wanted_key(record, "primary", before, now_us)

    assert (key.is_enabled, key.broadcast_id) == (opens, only)
    assert bool(key.refusal) is (not opens or bool(only))


@pytest.mark.parametrize(
    ("record", "facts", "opens", "only"),
    [
        (ARCHIVED, None, False, ""),
        (ARCHIVED, OVER, False, ""),
        (ARCHIVED, LIVE, True, BROADCAST),
        (LivestreamRecord(rules=Rules(record=True), is_single_use=True), None, False, ""),
        (LivestreamRecord(rules=Rules(is_hidden=True)), None, True, ""),
        (LivestreamRecord(rules=Rules(is_hidden=True)), LIVE, True, ""),
    ],
)
def test_key_of_a_full_tenant_opens_what_is_on_air_and_what_is_only_relayed(
    record: LivestreamRecord, facts: int | None, opens: bool, only: str
) -> None:
    """And begins nothing that would be kept."""
    key = wanted_key(record, "primary", None if facts is None else newest(facts), START_US, is_full=True)

    assert (key.is_enabled, key.broadcast_id) == (opens, only)
    assert key.refusal == ("" if opens and not only else QUOTA_REFUSAL)


def test_disabled_key_of_a_full_tenant_says_that_it_is_disabled() -> None:
    """What its owner can change comes first."""
    key = wanted_key(LivestreamRecord(rules=Rules(record=True), is_disabled=True), "primary", None, 0, is_full=True)

    assert key.refusal == key_rules.DISABLED


def test_key_for_one_use_opens_its_broadcast_and_nothing_after() -> None:
    """With the reason."""
    record = LivestreamRecord(is_single_use=True)

    found = [wanted_key(record, "primary", before, START_US) for before in (None, newest(LIVE), newest(OVER))]

    assert [(key.is_enabled, key.broadcast_id) for key in found] == [(True, ""), (True, BROADCAST), (False, "")]
    assert [key.refusal for key in found] == ["", key_rules.USED, key_rules.USED]
