"""What follows from the ticks of a log, for writers and heirs alike."""

from headwater.internal.v1.cmaf_pb2 import End, Part, Rendition, State, Tick
from services.packager.program.ledger import MIN_WINDOW_TARGETS, Ledger


def _state(target_s: int = 2) -> State:
    state = State(livestream_id="l", broadcast_id="b", target_duration_s=target_s)
    state.renditions.add(number=0, name="video", kind=Rendition.VIDEO, timescale=90_000, init_id="v")
    state.renditions.add(number=1, name="audio", kind=Rendition.AUDIO, timescale=48_000, init_id="a")
    return state


def _tick(msn: int, part: int, *, ends: bool = False, state: State | None = None, length: int = 1000) -> Tick:
    begin = msn * 2 + part
    head = Tick(msn=msn, part=part, ends_segment=ends, program_time_us=begin * 1_000_000, epoch=3)
    head.parts.append(Part(rendition=0, length=length, duration=90_000, decode_time=begin * 90_000, independent=True))
    head.parts.append(Part(rendition=1, length=100, duration=48_000, decode_time=begin * 48_000, independent=True))
    head.position.read_from = begin + 7
    if state is not None:
        head.state.CopyFrom(state)
    return head


def _run(segments: int, *, window_s: float = 30, target_s: int = 2) -> Ledger:
    """Segments of two ticks of one second, each at its own sequence."""
    ledger = Ledger(_state(target_s), window_s=window_s)
    for msn in range(segments):
        ledger.apply(_tick(msn, 0, state=ledger.state), [10 * msn + 1])
        ledger.apply(_tick(msn, 1, ends=True), [10 * msn + 2, 10 * msn + 3])
    return ledger


def test_numbers_follow_the_ticks() -> None:
    """Parts count in their segment, segments in the broadcast."""
    ledger = Ledger(_state(), window_s=30)
    ledger.apply(_tick(0, 0, state=_state()), [1])
    inside = (ledger.msn, ledger.part, ledger.is_segment_open, ledger.state_sequence)
    ledger.apply(_tick(0, 1, ends=True), [2])

    assert inside == (0, 1, True, 1)
    assert (ledger.msn, ledger.part, ledger.is_segment_open, ledger.last_sequence, ledger.epoch) == (1, 0, False, 2, 3)


def test_closed_segment_is_the_archivers_unit_of_work() -> None:
    """It names its ticks' messages, and each rendition's time, length and init segment."""
    ledger = Ledger(_state(), window_s=30)
    ledger.apply(_tick(0, 0, state=_state()), [4])
    segment = ledger.apply(_tick(0, 1, ends=True), [6, 8])

    assert segment is not None
    assert (segment.msn, list(segment.sequences), segment.program_time_us) == (0, [4, 6, 8], 0)
    video, audio = segment.renditions
    assert (video.init_id, video.decode_time, video.duration, video.length) == ("v", 0, 180_000, 2000)
    assert (audio.init_id, audio.decode_time, audio.duration, audio.length) == ("a", 0, 96_000, 200)
    assert segment.purge_media_before == 8
    assert ledger.state.last_segment == segment


def test_bandwidths_are_measured() -> None:
    """The peak is the largest segment's; the mean is that of all."""
    ledger = Ledger(_state(), window_s=30)
    ledger.apply(_tick(0, 0, state=_state(), length=1000), [1])
    ledger.apply(_tick(0, 1, ends=True, length=1000), [2])
    ledger.apply(_tick(1, 0, length=3000), [3])
    ledger.apply(_tick(1, 1, ends=True, length=3000), [4])
    video = ledger.rendition(0)

    assert (video.peak_bandwidth, video.average_bandwidth) == (24_000, 16_000)


def test_window_holds_what_is_set_and_no_more() -> None:
    """What still fills it stays; the log may be purged before it."""
    ledger = _run(40)
    window = ledger.state.window

    assert sum(segment.duration_ms for segment in window) == 30_000
    assert window[-1].msn == 39
    assert ledger.state.last_segment.purge_cmaf_before == window[0].sequence == 10 * window[0].msn + 1


def test_window_is_never_shorter_than_players_need() -> None:
    """A delta update may skip only what is older than six target durations."""
    ledger = _run(40, window_s=1, target_s=4)

    assert sum(segment.duration_ms for segment in ledger.state.window) == MIN_WINDOW_TARGETS * 4000


def test_heir_that_begins_in_mid_segment_knows_its_beginning() -> None:
    """A state that is said between two parts carries what the open segment has so far."""
    writer = Ledger(_state(), window_s=30)
    writer.apply(_tick(0, 0, state=_state()), [1])
    spoken = Tick(msn=0, part=1, epoch=4)
    spoken.state.CopyFrom(writer.state)
    writer.apply(spoken, [2])
    heir = Ledger(State(), window_s=30)
    heir.apply(spoken, [2])
    last = _tick(0, 1, ends=True)

    assert heir.apply(last, [3]) == writer.apply(last, [3])
    assert heir.state == writer.state


def test_tick_without_parts_may_close_a_segment() -> None:
    """What it had counts, and the tick's message is one of the segment's."""
    ledger = Ledger(_state(), window_s=30)
    ledger.apply(_tick(0, 0, state=_state()), [1])
    segment = ledger.apply(Tick(msn=0, part=1, ends_segment=True), [2])

    assert segment is not None
    assert list(segment.sequences) == [1, 2]
    assert segment.renditions[0].duration == 90_000


def test_end_message_is_known_to_whoever_reads_it() -> None:
    """A broadcast that has ended is not begun again."""
    ledger = _run(2)
    ledger.apply(Tick(msn=2, end=End(reason="order", time_us=5)), [99])

    assert ledger.has_ended
    assert ledger.head.end.reason == "order"


def test_program_that_nobody_lists_has_a_window_of_one_segment() -> None:
    """What lies before it may go from the log."""
    ledger = Ledger(_state(), window_s=30)
    ledger.state.rules.is_hidden = True
    for msn in range(4):
        ledger.apply(_tick(msn, 0, state=ledger.state), [10 * msn + 1])
        segment = ledger.apply(_tick(msn, 1, ends=True), [10 * msn + 2])
        assert segment is not None
        assert [found.msn for found in ledger.state.window] == [msn]
        assert segment.purge_cmaf_before == 10 * msn + 1


def test_segments_beyond_the_recording_are_not_kept() -> None:
    """From the number that the state names."""
    ledger = Ledger(_state(), window_s=30)
    ledger.state.rules.record = True
    every = [ledger.is_kept(msn) for msn in range(3)]
    ledger.state.record_before = 2

    assert every == [True] * 3
    assert [ledger.is_kept(msn) for msn in range(4)] == [True, True, False, False]
