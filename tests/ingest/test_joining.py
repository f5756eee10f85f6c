"""Joining what is on air: one table of decisions, and what holds however several ingests interleave."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.onair_pb2 import OnAir, Rules, StreamKey
from services.ingest.joining import Applicant, Loss, NewBroadcast, Refusal, Why, join, loss, number_of

NOW_US = 1_000_000
NEW = NewBroadcast("new", 3)
FULL = Refusal(Why.LOG_FULL, "full")


def applicant(
    instance: str = "primary",
    token: str = "t1",  # noqa: S107  names a connection, opens nothing
    *,
    is_enabled: bool = True,
    now_us: int = NOW_US,
) -> Applicant:
    key = StreamKey(livestream_id="l", instance=instance, is_enabled=is_enabled, rules=Rules(reconnect_window_ms=7))
    return Applicant(key, token, "edge", "rtmp", now_us)


def on_air(**tokens: str) -> OnAir:
    """A record with these connections, each written by the revision 5."""
    record = OnAir(broadcast_id="old", shard=1, start_time_us=5)
    for instance, token in tokens.items():
        record.connections[instance].token = token
    return record


def joined(record: OnAir | None, revision: int, who: Applicant, new: NewBroadcast | Refusal = NEW) -> OnAir:
    found = join(record, revision, who, new)
    assert isinstance(found, OnAir)
    return found


def test_first_encoder_begins_a_broadcast() -> None:
    """With the rules of its key, in the shard proposed."""
    record = joined(None, 0, applicant())
    assert (record.broadcast_id, record.shard, record.start_time_us) == ("new", 3, NOW_US)
    assert record.rules.reconnect_window_ms == 7
    mine = record.connections["primary"]
    assert (mine.token, mine.number, mine.edge, mine.protocol, mine.since_us) == ("t1", 0, "edge", "rtmp", NOW_US)


def test_other_instance_joins_the_broadcast() -> None:
    """Whose number was "the revision that wrote me" keeps that number."""
    record = joined(on_air(primary="a"), 5, applicant("secondary", "b"))
    assert (record.broadcast_id, record.shard, record.start_time_us) == ("old", 1, 5)
    assert {name: (c.token, c.number) for name, c in record.connections.items()} == {
        "primary": ("a", 5),
        "secondary": ("b", 0),
    }


def test_second_encoder_with_the_key_replaces_the_first() -> None:
    """The broadcast goes on."""
    record = joined(on_air(primary="a"), 5, applicant(token="b"))
    assert (record.broadcast_id, record.connections["primary"].token) == ("old", "b")


def test_record_that_is_joined_is_not_changed() -> None:
    """It is compared against what is in the bucket."""
    before = on_air(primary="a")
    joined(before, 5, applicant("secondary"))
    assert before == on_air(primary="a")


@pytest.mark.parametrize(("hold_s", "why"), [(1, Why.HELD), (0, None), (-1, None)])
def test_order_holds_encoders_off_for_its_time(hold_s: int, why: Why | None) -> None:
    """Afterwards a new broadcast begins."""
    record = on_air(primary="a")
    record.end_reason, record.hold_until_us = "order", NOW_US + hold_s
    found = join(record, 5, applicant(), NEW)
    if why is None:
        assert isinstance(found, OnAir)
        assert (found.broadcast_id, found.end_reason, found.hold_until_us, list(found.connections)) == (
            *("new", "", 0),
            ["primary"],
        )
    else:
        assert isinstance(found, Refusal)
        assert found.why is why


@pytest.mark.parametrize(("linger_s", "is_let_in"), [(1, True), (0, False), (-1, False)])
def test_while_encoders_linger_a_new_push_begins_a_new_broadcast(linger_s: int, is_let_in: bool) -> None:
    """Nobody was cut off, so nobody comes back by himself; once they are let go, the hold is held."""
    record = on_air(primary="a")
    record.end_reason, record.hold_until_us, record.linger_until_us = "complete", NOW_US + 9, NOW_US + linger_s
    found = join(record, 5, applicant(), NEW)

    if is_let_in:
        assert isinstance(found, OnAir)
        assert (found.broadcast_id, found.end_reason, found.linger_until_us) == ("new", "", 0)
    else:
        assert isinstance(found, Refusal)
        assert found.why is Why.HELD


def test_what_is_kept_shown_and_gated_stays_as_the_broadcast_began() -> None:
    """Other rules are the newest key's."""
    record = on_air(primary="a")
    record.rules.CopyFrom(Rules(record=True, is_gated=True, reconnect_window_ms=1))
    who = applicant("secondary")
    who.key.rules.CopyFrom(Rules(is_hidden=True, reconnect_window_ms=9))

    assert joined(record, 5, who).rules == Rules(record=True, is_gated=True, reconnect_window_ms=9)


def test_disabled_key_is_refused_in_words() -> None:
    """Also where a broadcast is on air."""
    found = join(on_air(primary="a"), 5, applicant(is_enabled=False), NEW)
    assert found == Refusal(Why.DISABLED, "the livestream is disabled")


def test_full_log_refuses_only_new_broadcasts() -> None:
    """Who is on air may reconnect, and the other instance may join."""
    assert join(None, 0, applicant(), FULL) == FULL
    ended = on_air()
    ended.end_reason = "order"
    assert join(ended, 5, applicant(), FULL) == FULL
    assert joined(on_air(primary="a"), 5, applicant("secondary"), FULL).broadcast_id == "old"


def test_write_whose_answer_was_lost_is_found_again() -> None:
    """By the token; its number is the revision, or what a later writer noted."""
    record = joined(None, 0, applicant())
    assert number_of(record, 9, applicant()) == 9
    assert number_of(record, 9, applicant(token="other")) is None
    assert number_of(record, 9, applicant("secondary")) is None
    assert number_of(joined(record, 9, applicant("secondary", "t2")), 12, applicant()) == 9
    record.end_reason = "order"
    assert number_of(record, 10, applicant()) is None


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (None, Loss.ENDED),
        (on_air(primary="a"), None),
        (on_air(primary="b"), Loss.TAKEN_OVER),
        (on_air(secondary="b"), Loss.TAKEN_OVER),
        (OnAir(broadcast_id="later"), Loss.ENDED),
        (OnAir(broadcast_id="old", end_reason="order"), Loss.ORDERED),
    ],
)
def test_connection_is_meant_while_its_token_is_on_air(record: OnAir | None, expected: Loss | None) -> None:
    """And else it is known why not."""
    assert loss(record, "old", "primary", "a") is expected


@dataclass
class Bucket:
    """Compare-and-set, as the bucket has it."""

    value: OnAir | None = None
    revision: int = 0
    writes: list[tuple[int, OnAir | None]] = field(default_factory=list)

    def write(self, value: OnAir | None, expected: int) -> int | None:
        if expected != self.revision:
            return None
        self.value = value
        self.revision = self.revision + 1
        self.writes.append((self.revision, value))
        return self.revision


@dataclass
class Ingest:
    """One that reads, decides, and writes; anything may happen between."""

    name: str
    bucket: Bucket
    tries: int = 0
    read: tuple[OnAir | None, int] | None = None
    who: Applicant | None = None
    places: list[tuple[Applicant, str, int]] = field(default_factory=list)

    def step(self, instance: str) -> None:
        if self.read is None or self.who is None:
            self.tries += 1
            self.who = self.who or applicant(instance, f"{self.name}-{self.tries}")
            self.read = self.bucket.value, self.bucket.revision
            return
        record, revision = self.read
        found = join(record, revision, self.who, NewBroadcast(f"b-{self.who.token}", 0))
        assert isinstance(found, OnAir)
        written = self.bucket.write(found, revision)
        self.read = None
        if written is not None:
            self.places.append((self.who, found.broadcast_id, written))
            self.who = None


@given(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["primary", "secondary"])), max_size=120))
def test_interleaved_ingests_agree_on_one_order(steps: list[tuple[int, str]]) -> None:
    """Numbers are unique and grow, the newest of an instance is meant, one broadcast is shared until it is ended."""
    bucket = Bucket()
    ingests = [Ingest(f"i{number}", bucket) for number in range(4)]
    for number, instance in steps:
        if number == 4:  # the packager ends the broadcast at the revision it last saw
            bucket.write(None, bucket.revision)
        else:
            ingests[number].step(instance)
    places = sorted((place for ingest in ingests for place in ingest.places), key=lambda place: place[2])
    assert len({number for _, _, number in places}) == len(places)
    on_air_now = bucket.value
    for who, broadcast, number in places:
        later = [p for p in places if p[2] > number and p[0].key.instance == who.key.instance]
        is_ended = any(value is None for revision, value in bucket.writes if revision > number)
        is_meant = loss(on_air_now, broadcast, who.key.instance, who.token) is None
        assert is_meant == (not later and not is_ended)
        if is_meant and on_air_now is not None:
            assert number_of(on_air_now, bucket.revision, who) == number
    _check_broadcasts(bucket)


def _check_broadcasts(bucket: Bucket) -> None:
    before: OnAir | None = None
    for _, value in bucket.writes:
        if value is not None and before is not None:
            assert value.broadcast_id == before.broadcast_id
        before = value


def test_key_for_one_broadcast_joins_that_and_begins_no_other() -> None:
    """Of a livestream for one broadcast: its encoder may come back, and once it is over it is told why not."""
    who = applicant()
    who.key.broadcast_id, who.key.refusal = "old", "it is over"
    ended, other = on_air(primary="a"), on_air(primary="a")
    ended.end_reason, other.broadcast_id = "order", "another"

    assert joined(on_air(primary="a"), 5, who).connections["primary"].token == "t1"
    assert [join(record, 5, who, NEW) for record in (None, ended, other)] == [Refusal(Why.DISABLED, "it is over")] * 3


def test_refused_encoder_is_told_the_words_of_its_key() -> None:
    """A livestream that is disabled, not activated or used up says which it is."""
    who = applicant(is_enabled=False)
    who.key.refusal = "the livestream must be activated first"

    assert join(None, 0, who, NEW) == Refusal(Why.DISABLED, "the livestream must be activated first")
