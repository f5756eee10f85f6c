"""services.ingest.timestamps"""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.common.media.unit import Track
from services.ingest.timestamps import BACK_MS, JUMP_MS, STANDING_UNITS, TICKS_PER_MS, StandingClockError, Timeline

V, A = Track.VIDEO, Track.AUDIO
HOUR_MS = 3_600_000
Sent = list[tuple[Track, int]]


def interleaved(start_ms: int, duration_ms: int, modulus: int = 1 << 32) -> Sent:
    """Picture at 30 a second and sound at 46.9 a second as an encoder sends them, wrapped at the modulus."""
    video = [(start_ms + n * 1000 // 30, V) for n in range(duration_ms * 30 // 1000)]
    audio = [(start_ms + n * 1024 * 1000 // 48_000, A) for n in range(duration_ms * 48 // 1024)]
    return [(track, stamp % modulus) for stamp, track in sorted(video + audio)]


def place(timeline: Timeline, sent: Sent) -> list[float]:
    """Milliseconds put out."""
    return [_ticks(timeline, track, stamp) / TICKS_PER_MS for track, stamp in sent]


def _ticks(timeline: Timeline, track: Track, stamp: int) -> int:
    """As ingest asks: the short way first."""
    ticks = timeline.go_on(track, stamp)
    return timeline.place(track, stamp) if ticks is None else ticks


@pytest.mark.parametrize(
    ("start_ms", "modulus"),
    [
        (0, 1 << 32),
        (4_294_966_000, 1 << 32),
        ((1 << 24) - 1000, 1 << 24),
        ((1 << 24) - 1000, 1 << 32),
        ((1 << 31) - 1000, 1 << 31),
        ((1 << 31) - 1000, 1 << 32),
        ((1 << 32) - 1000, 1 << 32),
        ((1 << 32) - 1000, 1 << 31),
    ],
)
def test_stamps_go_on_exactly_across_every_wrap(start_ms: int, modulus: int) -> None:
    """At 4.66 h, 24.8 d and 49.7 d, at 24, 31 and 32 bits: each unit moves by one constant and no jump is seen."""
    timeline = Timeline()
    plain, sent = interleaved(start_ms, 3000, 1 << 60), interleaved(start_ms, 3000, modulus)
    out = place(timeline, sent)
    assert {a - b for a, (_, b) in zip(out, plain, strict=True)} == {start_ms % modulus - start_ms}
    assert timeline.jumps == 0


def test_stamps_go_on_across_many_wraps() -> None:
    """After ten days of an encoder that knows 24 bits only each unit is still where it belongs."""
    timeline = Timeline()
    for stamp in range(40, 10 * 24 * HOUR_MS, 9000):
        assert timeline.place(V, stamp % (1 << 24)) == stamp * TICKS_PER_MS
        assert timeline.place(A, (stamp - 40) % (1 << 24)) == (stamp - 40) * TICKS_PER_MS


def test_first_stamp_is_kept() -> None:
    """An encoder that starts anywhere is taken at its word."""
    assert Timeline().place(V, 123_456) == 123_456 * 90


def test_sound_that_begins_before_the_picture_keeps_its_distance() -> None:
    """The second track's first stamp may lie before the first's."""
    timeline = Timeline()
    assert place(timeline, [(V, 1000), (A, 920), (A, 941), (V, 1033)]) == [1000, 920, 941, 1033]


@pytest.mark.parametrize("first", [V, A])
@pytest.mark.parametrize("to_ms", [0, 500, 50_000, 2 * HOUR_MS, 3_000_000_000])
def test_jump_of_both_tracks_goes_on_with_their_distance_kept(to_ms: int, first: Track) -> None:
    """After a jump back or far ahead the clock goes on within 0.2 s, and sound stays with its picture."""
    timeline = Timeline()
    place(timeline, interleaved(HOUR_MS, 5000))
    end = HOUR_MS + 5000
    other = A if first is V else V
    sent = [(first, to_ms), (other, to_ms + 7), *((t, s + 21) for t, s in interleaved(to_ms + 21, 2000))]
    out = place(timeline, sent)
    assert {round(o - s) for o, (_, s) in zip(out, sent, strict=True)} == {round(out[0] - to_ms)}
    assert end - 50 <= out[0] <= end + 200
    assert timeline.jumps == 1


def test_track_that_has_not_jumped_yet_stays_on_its_old_clock() -> None:
    """Old sound that arrives behind the new picture is still put where it belongs."""
    timeline = Timeline()
    out = place(timeline, [(V, 10_000), (A, 10_000), (V, 0), (A, 10_021), (A, 5), (V, 33)])
    assert out[:2] == [10_000, 10_000]
    assert out[3] == 10_021
    assert out[4] - out[2] >= 5
    assert out[5] > out[2]


def test_gap_of_both_tracks_below_the_threshold_is_kept() -> None:
    """Eight seconds without media are eight seconds, not a jump."""
    timeline = Timeline()
    assert place(timeline, [(V, 0), (A, 0), (V, 8000), (A, 8000)]) == [0, 0, 8000, 8000]
    assert timeline.jumps == 0


def test_gap_of_one_track_is_kept_however_long() -> None:
    """A camera that was off for a minute comes back beside its sound."""
    timeline = Timeline()
    place(timeline, [(V, 0), *((A, stamp) for stamp in range(0, 60_000, 21))])
    assert timeline.place(V, 60_000) == 60_000 * 90
    assert timeline.jumps == 0


def test_step_about_the_threshold_is_one_jump_for_both() -> None:
    """Where one track's step is just over the threshold and the other's just under, sound stays with its picture."""
    timeline = Timeline()
    place(timeline, [(V, 0), (A, 0), (V, 33), (A, 43)])
    video, audio = place(timeline, [(V, 33 + JUMP_MS + 10), (A, 43 + JUMP_MS - 10)])
    assert audio - video == pytest.approx(-10, abs=1)


def test_unrelated_clocks_of_sound_and_picture_run_side_by_side() -> None:
    """Sound that counts from elsewhere is put beside the picture and does not make it jump for ever."""
    timeline = Timeline()
    out = [place(timeline, [(V, n * 33), (A, 7_000_000 + n * 33)]) for n in range(100)]
    assert all(abs(video - audio) <= 1 for video, audio in out)
    assert timeline.jumps == 0


def test_equal_stamps_differ_by_one_tick() -> None:
    """Two units in one millisecond stay within 1 ms of what was sent."""
    timeline = Timeline()
    assert [timeline.place(V, stamp) for stamp in (5, 5, 5, 6)] == [450, 451, 452, 540]


@pytest.mark.parametrize("tracks", [[V], [A], [V, A, A]])
@pytest.mark.parametrize("stamp", [0, 777])
@pytest.mark.parametrize("good", [0, 100])
def test_clock_that_stands_still_is_refused(tracks: list[Track], stamp: int, good: int) -> None:
    """From the beginning or later, each track for itself, in words that name the stamp."""
    timeline = Timeline()
    for number in range(good):
        for track in tracks:
            timeline.place(track, stamp - (good - number) * 40 & 0xFFFFFFFF)
    with pytest.raises(StandingClockError, match=f"{STANDING_UNITS} .* {stamp} ms"):
        place(timeline, [(track, stamp) for _ in range(STANDING_UNITS + 2) for track in tracks])


def test_track_that_stands_still_beside_one_that_goes_on_is_not_refused() -> None:
    """Nor one that stands and goes on, as where a gateway stamps what it had held back."""
    timeline = Timeline()
    for number in range(1000):
        timeline.place(V, number * 33)
        timeline.place(A, 0)
    for stamp in (1_000_000, 1_000_040, 1_000_080):
        place(timeline, [(V, stamp)] * (STANDING_UNITS - 1))


def test_small_disorder_is_no_jump() -> None:
    """An encoder that stamps pictures in display order neither jumps nor runs ahead."""
    timeline = Timeline()
    stamps = [n * 133 + step for n in range(50) for step in (0, 133, 66, 33, 100)]
    out = place(timeline, [(V, stamp) for stamp in stamps])
    assert out == sorted(out)
    assert out[-1] == pytest.approx(max(stamps), abs=1)
    assert timeline.jumps == 0


def test_creeping_back_is_a_jump_in_the_end() -> None:
    """Many small steps back do not hold the clock still for ever."""
    timeline = Timeline()
    place(timeline, [(V, 100_000)])
    place(timeline, [(V, 100_000 - n * 100) for n in range(1, 20)])
    assert timeline.jumps >= 1
    assert BACK_MS < 19 * 100


def test_drift_between_tracks_is_kept() -> None:
    """Sound that runs 0.1 % fast over a day is put where it says, sound and picture each without a jump."""
    timeline = Timeline()
    for n in range(24 * 3600):
        assert timeline.place(V, n * 1000) == n * 1000 * 90
        assert timeline.place(A, n * 1001) == n * 1001 * 90
    assert timeline.jumps == 0


STAMP = st.integers(0, 0xFFFFFFFF) | st.integers(0, 3000) | st.sampled_from((0xFFFFFF, 1 << 31, (1 << 32) - 1))


@given(st.lists(st.tuples(st.sampled_from((V, A)), STAMP | st.integers(0, 0xFFFF)), max_size=60))
@example([(V, 50_000), (A, 50_000), (V, 0), (V, 600), (A, 50_700), (A, 700), (V, 720)])
def test_short_way_leads_where_the_long_one_does(sent: Sent) -> None:
    """Whatever is stamped: what only goes on is put where it would be anyway."""
    long_way = Timeline()
    assert place(Timeline(), sent) == [long_way.place(track, stamp) / TICKS_PER_MS for track, stamp in sent]


@given(st.lists(st.tuples(st.sampled_from((V, A)), STAMP), max_size=60))
def test_any_stamps_give_increasing_ticks_that_fit_64_bits(sent: Sent) -> None:
    """Within a track time never stands still or goes back, and no sequence of stamps runs away."""
    timeline = Timeline()
    last: dict[Track, int] = {}
    for track, stamp in sent:
        ticks = timeline.place(track, stamp)
        assert track not in last or ticks > last[track]
        assert abs(ticks) < 1 << 62
        last[track] = ticks


STARTS = st.integers(0, (1 << 32) // 20_000).map(lambda n: n * 20_000)
"""Far enough apart that going from one to the next is a jump and no disorder or gap."""


@given(st.lists(STARTS, min_size=1, max_size=5), st.integers(1000, 2000))
def test_any_jumps_of_both_tracks_keep_sound_with_picture(starts: list[int], length_ms: int) -> None:
    """However often an encoder starts again anywhere, sound and picture of one start keep their distance."""
    timeline = Timeline()
    for start in starts:
        sent = interleaved(start, length_ms)
        out = place(timeline, sent)
        moved = [o - (s - start) % (1 << 32) for o, (_, s) in zip(out, sent, strict=True)]
        assert max(moved) - min(moved) <= 60
