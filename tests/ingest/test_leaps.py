"""services.ingest.leaps"""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.unit import Track
from services.ingest.leaps import MAX_HELD, MAX_HELD_BYTES, PROOF_MS, Leaps
from services.ingest.timestamps import JUMP_MS, TICKS_PER_MS, Timeline
from tests.ingest.test_timestamps import Sent, interleaved

V, A = Track.VIDEO, Track.AUDIO
FRAME_MS = 34
Placed = list[tuple[Track, float, int]]


def placed(sent: Sent, leaps: Leaps[int] | None = None) -> Placed:
    """Track, milliseconds and the place in what was sent, as they are put out."""
    leaps = leaps or Leaps(Timeline())
    found: list[tuple[Track, int, int]] = []
    for number, (track, stamp) in enumerate(sent):
        ticks = leaps.go_on(track, stamp)
        found += [(track, ticks, number)] if ticks is not None else leaps.place(track, stamp, number, size=1)
    return [(track, ticks / TICKS_PER_MS, number) for track, ticks, number in (*found, *leaps.finish())]


def leapt(sent: Sent, track: Track, at_ms: int, by_ms: int) -> Sent:
    """The same with one track's clock another from a time on."""
    return [(name, stamp + by_ms if name is track and stamp >= at_ms else stamp) for name, stamp in sent]


def moves(sent: Sent, found: Placed, track: Track, since_ms: int) -> set[float]:
    """By how much a track's units are not where they would be had nothing leapt; `sent` without the leap."""
    return {ms - sent[number][1] for name, ms, number in found if name is track and sent[number][1] >= since_ms}


@pytest.mark.parametrize("track", [V, A])
@pytest.mark.parametrize("by_ms", [1100, 3000, 5000, 9900, -1000, -5000, -9900])
def test_track_that_leaps_alone_stays_beside_the_other(track: Track, by_ms: int) -> None:
    """Forward or back, the other's clock is the truth: within a frame nothing has moved, and one jump is counted."""
    plain = interleaved(20_000, 8000)
    timeline = Timeline()
    found = placed(leapt(plain, track, 23_000, by_ms), Leaps(timeline))
    other = A if track is V else V

    assert sorted(number for _, _, number in found) == list(range(len(plain)))
    assert moves(plain, found, other, 0) == {0}
    assert moves(plain, [each for each in found if plain[each[2]][1] < 23_000], track, 0) == {0}
    assert all(abs(each) <= FRAME_MS for each in moves(plain, found, track, 23_000))
    assert timeline.jumps == 1


@pytest.mark.parametrize("first", [V, A])
@pytest.mark.parametrize("gap_ms", [500, 1100, 5000, 9900])
def test_pause_of_both_is_kept_to_the_millisecond(gap_ms: int, first: Track) -> None:
    """Whoever speaks first after it: no unit is moved, and none is out of order."""
    plain = [each for each in interleaved(0, 15_000) if not 3000 <= each[1] < 3000 + gap_ms]
    at = next(place for place, (track, stamp) in enumerate(plain) if stamp > 3000 and track is first)
    plain.insert(next(n for n, (_, stamp) in enumerate(plain) if stamp > 3000), plain.pop(at))
    timeline = Timeline()
    found = placed(plain, Leaps(timeline))

    assert found == [(track, stamp, number) for number, (track, stamp) in enumerate(plain)]
    assert timeline.jumps == 0


def test_sound_that_is_late_does_not_pass_for_going_on() -> None:
    """Some that was sent before a pause comes behind the first picture after it."""
    sent = [(V, 0), (A, 0), (V, 6000), *((A, n * 21) for n in range(1, 19)), (A, 6000), (V, 6033), (A, 6021)]
    assert {ms - sent[number][1] for _, ms, number in placed(sent)} == {0}
    assert PROOF_MS > 19 * 21


def test_track_that_was_off_comes_back_where_it_says() -> None:
    """It does not get ahead of the other, so nothing is held and nothing moved."""
    sent = [each for each in interleaved(0, 9000) if each[0] is A or not 2000 <= each[1] < 6000]
    found = placed(sent)
    assert found == [(track, stamp, number) for number, (track, stamp) in enumerate(sent)]


def test_track_without_another_is_taken_at_its_word() -> None:
    """There is nobody to ask: the other never came, or has been silent for long."""
    alone = [(V, 0), (V, 33), (V, 5000), (V, 5033)]
    silent = [(A, 0), (A, 21), *((V, n * 33) for n in range(100)), (V, 8300), (V, 8333)]
    for sent in (alone, silent):
        assert placed(sent) == [(track, stamp, number) for number, (track, stamp) in enumerate(sent)]


def test_slides_whose_sound_comes_late_are_no_leaps() -> None:
    """A picture every two seconds is ahead of sound that is sent 1.5 s behind it, and is right."""
    slides = [(stamp, V, stamp) for stamp in range(0, 20_000, 2000)]
    sound = [(stamp + 1500, A, stamp) for stamp in range(0, 18_000, 21)]
    sent = [(track, stamp) for _, track, stamp in sorted(slides + sound)]
    assert {ms - sent[number][1] for _, ms, number in placed(sent)} == {0}


def test_what_is_held_is_bounded() -> None:
    """Where the other track falls silent with the leap, what has leapt is put out after a second and a half."""
    leaps = Leaps[int](Timeline())
    placed_before = placed([(V, 0), (A, 0), (V, 33)], leaps)
    burst = [list(leaps.place(V, 5000 + n // 4, n, size=1)) for n in range(MAX_HELD + 1)]
    slow = Leaps[int](Timeline())
    placed([(V, 0), (A, 0), (V, 33)], slow)
    slowly = [list(slow.place(V, 5000 + n * 33, n, size=1)) for n in range(60)]

    assert len(placed_before) == 3
    assert [len(each) for each in burst[-3:]] == [0, MAX_HELD, 1]
    assert [len(each) for each in slowly if each] == [47, *[1] * 13]
    assert slowly[46][0][1] == 5000 * TICKS_PER_MS


def test_what_is_held_is_bounded_in_bytes() -> None:
    """Whoever stamps large units close together holds no more than that of our memory, and loses none of them."""
    leaps = Leaps[int](Timeline())
    placed([(V, 0), (A, 0), (V, 33)], leaps)
    large = [list(leaps.place(V, 5000 + n, n, size=MAX_HELD_BYTES // 2)) for n in range(4)]

    assert [[number for _, _, number in each] for each in large] == [[], [], [0, 1, 2], [3]]


def test_pause_of_both_is_kept_though_pictures_are_stamped_out_of_order() -> None:
    """By when they are shown, and with sound that comes behind them: what steps back a little has not come back."""
    pictures = [(first + at, V, first + shown) for first in range(0, 4800, 120) for at, shown in _SHOWN]
    sound = [(stamp + 150, A, stamp) for stamp in range(0, 4800, 20)]
    plain = [(track, stamp + 5000 * (at - 150 * (track is A) > 2390)) for at, track, stamp in sorted(pictures + sound)]
    found = placed(plain)

    assert moves(plain, found, A, 0) == {0}
    assert all(0 <= each < 81 for each in moves(plain, found, V, 0))


_SHOWN = ((0, 120), (40, 40), (80, 80))
"""When the three pictures of each 120 ms are sent, and when they are shown."""


def test_one_stamp_out_of_place_is_put_in_its_place() -> None:
    """A single unit far ahead, and then all is well again."""
    plain = interleaved(0, 4000)
    at = next(number for number, (track, stamp) in enumerate(plain) if track is A and stamp > 2000)
    found = placed([(track, stamp + 4000 * (number == at)) for number, (track, stamp) in enumerate(plain)])
    assert all(abs(ms - plain[number][1]) <= 2 * FRAME_MS for _, ms, number in found)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([V, A]), st.integers(-JUMP_MS, JUMP_MS), st.integers(0, 60_000)), max_size=4))
def test_any_leaps_lose_nothing_and_leave_sound_with_its_picture(
    steps: list[tuple[Track, int, int]],
) -> None:
    """However often one clock leaps, with pauses and jumps of both between, none is missing, and both stay together."""
    sent, skew, now = interleaved(50_000, 2000), {V: 0, A: 0}, 2000
    for track, by_ms, pause_ms in steps:
        skew[track] += by_ms
        sent += [(name, stamp + skew[name]) for name, stamp in interleaved(50_000 + now, 2000)]
        now += 2000 + pause_ms
        sent += [(name, stamp + skew[name]) for name, stamp in interleaved(50_000 + now, 2000)]
        now += 2000
    sent = [(track, stamp & 0xFFFFFFFF) for track, stamp in sent]
    found = placed(sent)
    last = {track: [ms for name, ms, _ in found if name is track] for track in (V, A)}

    assert sorted(number for _, _, number in found) == list(range(len(sent)))
    assert all(after > before for each in last.values() for before, after in itertools.pairwise(each))
    assert abs(last[V][-1] - last[A][-1]) <= 1000 * (len(steps) + 1)
