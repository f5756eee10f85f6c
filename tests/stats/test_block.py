"""What goes into which block, and how it is written."""

from uuid import uuid4

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.samples_pb2 import SampleBlock
from services.stats import block
from services.stats.figures import Counts
from services.stats.series import INTERVAL_MS, Sample

NOW = 1_800_000_000_000
BLOCK_MS = 600_000
LIVESTREAM = uuid4().hex

counts = st.builds(
    Counts, *(st.integers(0, 2**31 - 1) for _ in range(2)), bitrate_bps=st.integers(min_value=0, max_value=2**50)
)
series = st.dictionaries(st.integers(0, 2000), counts, min_size=1, max_size=50).map(
    lambda found: [Sample(NOW + number * INTERVAL_MS, each) for number, each in sorted(found.items())]
)


@given(series)
def test_block_is_read_back_as_it_was_written(samples: list[Sample]) -> None:
    """Whatever the figures are, and however far apart; and the same samples are the same bytes."""
    data = block.encode(LIVESTREAM, "primary", samples)

    assert block.decode(data) == samples
    assert block.encode(LIVESTREAM, "primary", samples) == data


@given(series)
def test_cutting_loses_nothing_and_no_block_is_longer_than_one(samples: list[Sample]) -> None:
    """Blocks in order are the samples, and those of one stretch are together."""
    blocks = block.cut(samples, BLOCK_MS, LIVESTREAM)

    assert [each for some in blocks for each in some] == samples
    assert all(some[-1].slot_ms - some[0].slot_ms < BLOCK_MS for some in blocks)


@given(series, st.integers(0, 49))
def test_cutting_what_is_left_cuts_at_the_same_places(samples: list[Sample], begin: int) -> None:
    """Who goes on after another has stored the first blocks makes the same ones of the rest."""
    whole = block.cut(samples, BLOCK_MS, LIVESTREAM)
    stored = min(begin, len(whole) - 1)

    rest = [each for some in whole[stored:] for each in some]
    assert block.cut(rest, BLOCK_MS, LIVESTREAM) == whole[stored:]


@given(st.integers(NOW, NOW + 10**8))
def test_while_samples_come_whole_stretches_are_due(now_ms: int) -> None:
    """Nothing that may still change, and nothing of a stretch that is not over."""
    until_ms = block.due_until(now_ms - 5_000, now_ms, BLOCK_MS, LIVESTREAM)
    before, after = (Sample(until_ms + step, Counts()) for step in (0, 1))

    assert now_ms - block.SETTLE_MS - BLOCK_MS <= until_ms < now_ms - block.SETTLE_MS
    assert len(block.cut([before, after], BLOCK_MS, LIVESTREAM)) == 2


def test_when_no_more_samples_come_all_are_due() -> None:
    """A minute after the last one, whichever stretch it lies in."""
    newest_ms = NOW + 70_000
    assert block.due_until(newest_ms, newest_ms + block.SETTLE_MS, BLOCK_MS, LIVESTREAM) == newest_ms
    assert block.due_until(newest_ms, newest_ms + block.SETTLE_MS - 1, BLOCK_MS, LIVESTREAM) < newest_ms


def test_livestreams_become_due_at_different_times() -> None:
    """Or else all of them would be written in the same second."""
    seen = {block.due_until(NOW, NOW, BLOCK_MS, f"{number:032x}") for number in range(200)}

    assert len(seen) > BLOCK_MS // INTERVAL_MS // 2


def test_figure_that_an_old_block_does_not_know_is_zero() -> None:
    """A figure that came later has no column there."""
    old = SampleBlock(first_s=NOW // 1000, steps_s=[0, 10], rtmp_connections=[1, 2])

    assert [each.counts for each in block.decode(old.SerializeToString())] == [Counts(1), Counts(2)]


def test_what_is_no_block_is_an_error() -> None:
    """Somebody has written into our folder."""
    with pytest.raises(DecodeError):
        block.decode(b"\xff\xff")


def test_longest_block_is_far_from_the_largest() -> None:
    """An hour with large figures."""
    samples = [Sample(NOW + n * INTERVAL_MS, Counts(10**6, 10**8, 10**9)) for n in range(360)]

    assert len(block.encode(LIVESTREAM, "secondary", samples)) < block.MOST_BYTES / 8
