"""One rendition's samples: where they lie, what is dropped, and what fits a part."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.media.unit import CLOCK_RATE, Config, Track, Unit
from services.packager.program.lane import Lane
from services.packager.program.ordering import NOWHERE, Item, Place
from services.packager.program.rendition import describe
from tests.packager.program.synthetic import AAC_44K, AAC_48K, avc

FRAME = 3000
MS = CLOCK_RATE // 1000


def _lane(config: Config, *, end: int = 0) -> Lane:
    rendition = describe(config, int(config.track))
    rendition.next_decode_time = rendition.shown_until = end * rendition.timescale // CLOCK_RATE
    return Lane.open(config, rendition, video_frame=FRAME)


def _add(lane: Lane, number: int, time: int, *, cts: int = 0, is_key: bool = True) -> None:
    place = Place(5, 1, number)
    unit = Unit(lane.track, time, cts, is_key, bytes([number % 256]))
    lane.add(Item(place, 1, unit, place), unit, time)


def _sound(*times: int, config: Config = AAC_48K, end: int = 0) -> Lane:
    lane = _lane(config, end=end)
    for number, time in enumerate(times):
        _add(lane, number, time)
    return lane


def _cut_all(lane: Lane) -> list[tuple[int, int]]:
    cut = lane.cut(lane.pending_count)
    assert cut is not None
    begins = itertools.accumulate((s.duration for s in cut.samples), initial=cut.decode_time)
    return [(begin, s.duration) for begin, s in zip(begins, cut.samples, strict=False)]


@pytest.mark.parametrize(("config", "rate"), [(AAC_48K, 48_000), (AAC_44K, 44_100)])
def test_sound_stamped_in_milliseconds_is_seamless(config: Config, rate: int) -> None:
    """Frames follow each other exactly, whatever rounding their stamps have."""
    times = [round(i * 1024 / rate * 1000) * MS + CLOCK_RATE for i in range(400)]
    lane = _sound(*times, config=config)

    placed = _cut_all(lane)

    assert {duration for _, duration in placed} == {1024}
    assert all(abs(at / rate - time / CLOCK_RATE) < 0.0011 for (at, _), time in zip(placed, times, strict=True))


def test_small_gap_in_sound_lengthens_the_frame_before() -> None:
    """A gap of less than two frames is no reason for another part."""
    lane = _sound(0, 1920, 1920 * 3 + 10 * MS)

    assert not lane.has_gap
    assert [duration for _, duration in _cut_all(lane)] == [1024, 1024 + 1024 + 480, 1024]


def test_large_gap_in_sound_ends_the_part() -> None:
    """No sample lasts through silence, and no part reaches across it."""
    lane = _sound(0, 1920, CLOCK_RATE)

    assert lane.has_gap
    assert lane.count_fitting(10 * CLOCK_RATE, 3) == 2
    assert lane.has_gap_at(2)
    first, second = lane.cut(2), lane.cut(1)
    assert first is not None
    assert second is not None
    assert (first.duration, second.decode_time) == (2048, 48_000)


def test_sound_that_was_heard_already_is_dropped() -> None:
    """At a join half a frame decides; while it runs stamps may waver by more."""
    joined = _sound(CLOCK_RATE - 40 * MS, CLOCK_RATE - 19 * MS, CLOCK_RATE + 2 * MS, end=CLOCK_RATE)
    running = _sound(CLOCK_RATE, CLOCK_RATE - 30 * MS, end=CLOCK_RATE)

    assert joined.pending_count == 1
    assert running.pending_count == 2
    assert joined.first_time == pytest.approx(CLOCK_RATE, abs=3 * MS)


def _stamped(count: int, rate: float = 48_000) -> list[int]:
    """Times of frames of sound, in whole milliseconds; `rate`: samples that its encoder takes for a second."""
    return [round(i * 1024 / rate * 1000) * MS + CLOCK_RATE for i in range(count)]


@pytest.mark.parametrize("every_ms", [64, 100, 130, 250])
def test_sound_that_is_stamped_in_bursts_loses_no_frame(every_ms: int) -> None:
    """All that was read at once has one time; it is heard one frame behind the other."""
    times = [time // (every_ms * MS) * every_ms * MS for time in _stamped(400)]
    lane = _sound(*times, end=times[0])

    assert lane.pending_count == 400
    assert all(abs(at / 48_000 - time / CLOCK_RATE) < 0.3 for (at, _), time in zip(_cut_all(lane), times, strict=True))


@pytest.mark.parametrize("waver_ms", [20, 50])
def test_sound_whose_stamps_waver_loses_no_frame(waver_ms: int) -> None:
    """Threads that are late stamp late."""
    chance = random.Random(1)
    times = sorted(time + chance.randint(-waver_ms, waver_ms) * MS for time in _stamped(400))
    lane = _sound(*times, end=times[0])

    assert lane.pending_count == 400


def test_sound_that_comes_faster_than_its_time_goes_stays_near_it() -> None:
    """A frame is left out now and then, as soon as it is out of step for a second."""
    times = _stamped(3000, rate=48_500)
    lane = _sound(*times, end=times[0])

    assert lane.pending_count < 2980
    assert abs(lane.last_shown - times[-1]) < 0.12 * CLOCK_RATE


def test_sound_whose_clock_is_put_back_is_in_step_again_soon() -> None:
    """What it sends once more is heard once."""
    times = _stamped(100)
    again = [time + times[-1] - CLOCK_RATE - 250 * MS for time in _stamped(200)]
    lane = _sound(*times, *(max(time, times[-1] + 1) for time in again), end=times[0])

    assert abs(lane.last_shown - again[-1]) < 0.1 * CLOCK_RATE


def test_pictures_wait_for_a_key_frame() -> None:
    """What cannot be decoded is not put out."""
    lane = _lane(avc())
    for number in range(6):
        _add(lane, number, number * FRAME, is_key=number == 3)

    assert lane.pending_count == 3
    assert lane.first_time == 3 * FRAME


@pytest.mark.parametrize(("kind", "kept"), [(b"\x41", [0, 3, 4, 5]), (b"\x65", [0, 1, 2, 3, 4, 5])])
@pytest.mark.parametrize("end", [0, CLOCK_RATE])
def test_pictures_that_lead_in_an_open_gop_are_left_out_where_a_source_begins(
    kind: bytes, kept: list[int], end: int
) -> None:
    """They need what was sent before its key frame, which is no IDR picture; nothing that follows one does."""
    lane = _lane(avc(), end=end)
    lane.join()
    delays = [3, 1, 0, 5, 1, 0]
    for number, delay in enumerate(delays):
        payload = b"\0\0\0\3" + (b"\x41" if number else kind) + bytes([0x9A, number])
        unit = Unit(Track.VIDEO, end + number * FRAME, delay * FRAME, number == 0, payload)
        place = Place(5, 1, number)
        lane.add(Item(place, 1, unit, place), unit, unit.dts)

    cut = lane.cut(lane.pending_count)
    assert cut is not None
    assert [sample.payload[-1] for sample in cut.samples] == kept


def test_key_frame_long_before_the_join_is_not_the_one() -> None:
    """Pictures that were shown are not shown again because their sound is still wanted."""
    lane = _lane(avc(), end=CLOCK_RATE)
    _add(lane, 0, CLOCK_RATE // 2)
    _add(lane, 1, CLOCK_RATE)

    assert lane.first_time == CLOCK_RATE
    assert lane.pending_count == 1


def test_first_picture_of_a_source_is_decoded_when_it_is_shown() -> None:
    """Players lay the first decode time after a discontinuity where the picture before it ended."""
    lane = _lane(avc(), end=CLOCK_RATE)
    sent = [(-2, 2), (-1, 3), (0, 1), (1, -1), (2, 2), (3, 1)]
    for number, (time, cts) in enumerate(sent):
        _add(lane, number, CLOCK_RATE + time * FRAME, cts=(cts + 1) * FRAME, is_key=number == 0)
    begins = [begin for begin, _ in _cut_all(lane)]

    assert begins[0] == CLOCK_RATE + FRAME
    assert begins[-2:] == [CLOCK_RATE + 2 * FRAME, CLOCK_RATE + 3 * FRAME]


def test_first_picture_of_a_broadcast_is_decoded_when_it_was_to_be() -> None:
    """With nothing before it all times are those that were sent."""
    lane = _lane(avc())
    _add(lane, 0, CLOCK_RATE, cts=6000)
    cut = lane.cut(1)

    assert cut is not None
    assert (cut.decode_time, cut.samples[0].cts) == (CLOCK_RATE, 6000)


def test_parts_are_as_long_as_the_encoder_said() -> None:
    """However late the first picture of a source is decoded."""
    lane = _lane(avc(), end=CLOCK_RATE)
    _add(lane, 0, CLOCK_RATE - 6000, cts=6000)

    assert (lane.first_sent_time, lane.first_time) == (CLOCK_RATE - 6000, CLOCK_RATE)


def test_pictures_on_one_time_stay_in_order() -> None:
    """However early they are, decode times grow; what is decoded late is decoded faster until it is not."""
    lane = _lane(avc(), end=CLOCK_RATE)
    _add(lane, 0, CLOCK_RATE - 2000)
    _add(lane, 1, CLOCK_RATE - 1500, is_key=False)
    _add(lane, 2, CLOCK_RATE + 3000, is_key=False)

    assert [begin for begin, _ in _cut_all(lane)] == [CLOCK_RATE, CLOCK_RATE + 100, CLOCK_RATE + 3000]


def test_long_interval_is_not_taken_for_the_usual_one() -> None:
    """A frame that stood for long says nothing about how long the last one will."""
    lane = _lane(avc())
    for number, time in enumerate([0, FRAME, FRAME + 80_000]):
        _add(lane, number, time, is_key=number == 0)

    assert [duration for _, duration in _cut_all(lane)] == [FRAME, 80_000, FRAME]


def test_cursor_is_behind_the_last_piece_of_what_was_cut() -> None:
    """An heir that reads the rest of a unit knows that it has it."""
    lane = _lane(avc())
    unit = Unit(Track.VIDEO, 0, 0, True, b"x")
    lane.add(Item(Place(5, 3, 1), 30, unit, Place(5, 6, 0)), unit, 0)
    lane.cut(1)

    assert lane.cursor == Place(5, 6, 1)


def test_unit_behind_the_cursor_is_not_taken_twice() -> None:
    """What an heir reads again is known by its place."""
    lane = _sound(0, 1920)
    lane.cut(1)
    _add(lane, 0, 0)

    assert lane.pending_count == 1


def test_join_begins_anew() -> None:
    """Another source has places of its own."""
    lane = _sound(0)
    lane.cut(1)
    lane.join()

    assert (lane.cursor, lane.is_joining) == (NOWHERE, True)


def test_sound_of_a_source_fills_what_the_one_before_was_short_of() -> None:
    """From where that ended, though its picture begins later."""
    lane = _lane(AAC_48K, end=CLOCK_RATE)
    lane.join()
    for number, time in enumerate(range(-30, 120, 21)):
        _add(lane, number, CLOCK_RATE + time * MS)

    assert abs(lane.first_time - CLOCK_RATE) <= 11 * MS
    assert lane.pending_count == 7


def test_sound_of_a_broadcast_begins_where_it_was_sent() -> None:
    """With nothing before it there is nothing to be aligned with."""
    lane = _lane(AAC_48K)
    lane.join()
    _add(lane, 0, CLOCK_RATE // 2)

    assert lane.first_time == CLOCK_RATE // 2


@given(st.lists(st.integers(-200 * MS, 300 * MS), min_size=1, max_size=60), st.sampled_from([AAC_48K, avc()]))
def test_whatever_comes_times_grow_and_nothing_overlaps(steps: list[int], config: Config) -> None:
    """Any stamps at all, cut anywhere."""
    lane, time = _lane(config, end=CLOCK_RATE), CLOCK_RATE
    end = 0
    for number, step in enumerate(steps):
        time = max(0, time + step)
        _add(lane, number, time, is_key=number % 5 == 0)
        if number % 3 == 2:
            while count := lane.count_fitting(CLOCK_RATE // 3, lane.pending_count) or min(lane.pending_count, 1):
                cut = lane.cut(count)
                assert cut is not None
                assert cut.decode_time >= end
                assert sum(sample.duration for sample in cut.samples) == cut.duration
                assert all(sample.duration > 0 for sample in cut.samples)
                end = cut.decode_time + cut.duration
