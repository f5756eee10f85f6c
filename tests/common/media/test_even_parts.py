"""Parts of about one length, whatever the frame rate and the key frames."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.media.even_parts import MIN_FILL, ends_part, shortest_part

SLACK = 90
"""The millisecond that a target has for rounded stamps."""


def _parts(frame: int, most: int, due: int, frames: int) -> list[int]:
    """How many frames each part of a segment of `frames` has, where a key frame is expected after `due` of them."""
    target, found, begun = most * frame + SLACK, list[int](), 0
    for number in range(1, frames):
        elapsed, left = (number - begun) * frame, (due - begun) * frame
        if ends_part(elapsed, frame, target=target, frame=frame, left=left):
            found.append(number - begun)
            begun = number
    return [*found, frames - begun]


@pytest.mark.parametrize(
    ("frame", "most", "frames", "expected"),
    [
        (3600, 8, 50, [8, 7, 7, 7, 7, 7, 7]),
        (1800, 16, 100, [15, 15, 14, 14, 14, 14, 14]),
        (3000, 10, 60, [10] * 6),
        (3000, 10, 96, [10, 10, 10, 10, 10, 10, 9, 9, 9, 9]),
        (3000, 10, 7, [7]),
        # 5 of 6 frames are too few (RFC 8216bis 4.4.4.9): there is a rest.
        (4500, 6, 40, [6, 6, 6, 6, 6, 6, 4]),
        (45_000, 1, 4, [1, 1, 1, 1]),
    ],
)
def test_parts_of_a_segment(frame: int, most: int, frames: int, expected: list[int]) -> None:
    """As few as can be, and the longer ones first."""
    assert _parts(frame, most, frames, frames) == expected


@pytest.mark.parametrize("frames", [59, 60, 61])
def test_key_frame_that_comes_early_or_late_leaves_no_rest_that_full_parts_would_not(frames: int) -> None:
    """What was expected limits no last part."""
    assert min(_parts(3000, 10, 60, frames)) >= min(_parts(3000, 10, 0, frames))


def test_without_an_expected_key_frame_parts_are_full() -> None:
    """The rest is what is left."""
    assert _parts(3600, 8, 0, 50) == [8, 8, 8, 8, 8, 8, 2]


@given(st.integers(100, 90_000), st.integers(1, 60), st.integers(-100, 2000), st.integers(1, 2000))
def test_part_is_never_longer_than_it_may_be_and_never_shorter_but_for_the_last(
    frame: int, most: int, due: int, frames: int
) -> None:
    """Whatever was expected, and whatever came: 85 % to 100 % of the target."""
    *parts, last = _parts(frame, most, due, frames)
    target = most * frame + SLACK

    assert all(MIN_FILL * target <= part * frame <= target for part in parts if MIN_FILL * target <= most * frame)
    assert last * frame <= target
    assert sum(parts) + last == frames


@given(st.integers(100, 90_000), st.integers(1, 60), st.integers(1, 2000))
def test_there_are_as_few_parts_as_can_be(frame: int, most: int, frames: int) -> None:
    """None is made shorter at the cost of one more request."""
    assert len(_parts(frame, most, frames, frames)) == -(-frames // most)


@given(st.integers(100, 20_000), st.integers(1, 60), st.integers(1, 2000))
def test_shortest_part_is_the_shortest_but_for_a_rest(frame: int, most: int, frames: int) -> None:
    """By it the sound's parts are chosen."""
    *parts, _ = _parts(frame, most, frames, frames)
    shortest = shortest_part(most * frame + SLACK, frame=frame, segment=frames * frame)

    assert all(part * frame >= shortest for part in parts if shortest <= most * frame)
