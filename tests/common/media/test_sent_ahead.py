"""Parts of pictures that are reordered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.media.sent_ahead import STRETCH, SentAhead, frames_to_a_part
from services.common.media.unit import CLOCK_RATE, Track, Unit
from tests.packager.program.synthetic import Source

PART = (1 / 3 + 0.001) * CLOCK_RATE
FRAME = 3000


@pytest.mark.parametrize(
    ("order", "delay", "ahead"),
    [
        ((0, 1, 2, 3, 4, 5, 6), 0, 0),
        # A key frame that is shown late without being reordered is buffered ahead all the same.
        ((0, 1, 2, 3, 4, 5, 6), 2, 2),
        # Two B-frames behind each picture they refer to, as x264 sends them with `-bf 2`.
        ((0, 3, 1, 2, 6, 4, 5), 2, 4),
    ],
)
def test_what_is_sent_ahead_reaches_as_far_as_anything_sent_is_shown(
    order: tuple[int, ...], delay: int, ahead: int
) -> None:
    """Beyond what is decoded next."""
    found = SentAhead()
    for place, shown in enumerate(order):
        found.note(Unit(Track.VIDEO, place * FRAME, (shown - place + delay) * FRAME, place == 0, b""), FRAME)

    assert found.ticks(FRAME) == ahead * FRAME


def test_stamps_rounded_to_milliseconds_are_no_order_of_their_own() -> None:
    """What is shown as it is decoded is not sent ahead."""
    found = SentAhead()
    for place in range(60):
        found.note(Unit(Track.VIDEO, round(place * 1000 / 30) * 90, 0, place == 0, b""), FRAME)

    assert found.ticks(FRAME) == 0


@pytest.mark.parametrize(
    ("fps", "b_frames", "gop_s", "frames"),
    [
        (30, 0, 2, 10),
        (25, 0, 2, 8),
        (30, 2, 2, 12),
        (30, 3, 2, 12),
        (25, 2, 2, 10),
        # No length that may be has all it should; with this one most is missing.
        (25, 3, 2, 10),
        (24, 2, 2, 10),
        (50, 2, 2, 17),
        (60, 3, 2, 20),
        (30, 2, 8, 12),
    ],
)
def test_parts_of_reordered_pictures_are_longer_where_hlsjs_needs_it(
    fps: float, b_frames: int, gop_s: float, frames: int
) -> None:
    """As two and three B-frames are sent by encoders that use them as references; without any nothing changes."""
    units, ahead = Source(tag="b", until_s=4, fps=fps, gop_s=gop_s, b_frames=b_frames, audio=None).units(), SentAhead()
    for unit in units:
        ahead.note(unit, CLOCK_RATE / fps)
    found = frames_to_a_part(
        PART, frame=CLOCK_RATE / fps, segment=round(gop_s * CLOCK_RATE), ahead=ahead.ticks(CLOCK_RATE / fps)
    )

    assert found == frames


@given(st.floats(5, 60), st.integers(0, 900_000), st.integers(0, 90_000), st.floats(0.05, 2))
def test_parts_are_longer_by_a_quarter_at_most(fps: float, segment: int, ahead: int, part_s: float) -> None:
    """And never shorter, whatever an encoder does."""
    frame, part = CLOCK_RATE / fps, part_s * CLOCK_RATE
    fitting = frames_to_a_part(part, frame=frame, segment=segment, ahead=0)

    assert fitting == max(1, int(part / frame))
    assert (
        fitting
        <= frames_to_a_part(part, frame=frame, segment=segment, ahead=ahead)
        <= max(fitting, STRETCH * part / frame)
    )
