"""The model of a media playlist."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.packager.hls.attributes import bound
from services.packager.hls.media_playlist import Part, Segment, ServerControl
from tests.packager.hls.histories import UNHURRIED


@UNHURRIED
@given(st.integers(1, 3_000_000))
def test_part_hold_back_is_three_printed_part_targets(part_target_us: int) -> None:
    """Clients compare the two numbers as printed, and printing rounds the target up."""
    control = ServerControl.for_targets(2, part_target_us)
    assert control.part_hold_back_us is not None
    assert Decimal(bound(control.part_hold_back_us)) >= 3 * Decimal(bound(part_target_us))


def test_control_follows_the_target_duration() -> None:
    """Hold-back is three, the skip boundary six target durations; without parts there is no part hold-back."""
    control = ServerControl.for_targets(4, None)
    assert control == ServerControl(24_000_000, 12_000_000, None, can_block_reload=True)


def test_open_segment_is_as_long_as_its_parts() -> None:
    """An open segment has no duration of its own yet."""
    parts = (Part("a", 300_000), Part("b", 200_000))
    assert Segment(1, "", 0, None, None, 0, parts, is_closed=False).listed_us == 500_000
