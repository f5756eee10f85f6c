"""What holds for every CMAF log, whatever was sent: checked on all of it."""

from collections import Counter
from collections.abc import Iterator

from headwater.internal.v1.cmaf_pb2 import Rendition, State
from services.common.media.fragment import read_segment
from services.common.media.init_segment import read_init
from services.common.media.unit import CLOCK_RATE
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.synthetic import name_of

TICK = 1 / CLOCK_RATE


class Sample:
    """One sample as a reader of the log finds it. Times in seconds of the program; `breaks`: discontinuities so far."""

    def __init__(self, rendition: Rendition, dts: int, duration: int, cts: int, name: str, *, breaks: int) -> None:
        self.rendition = rendition.name
        self.breaks = breaks
        self.shown = (dts + cts) / rendition.timescale
        self.begin = dts / rendition.timescale
        self.end = (dts + duration) / rendition.timescale
        self.name = name

    def __repr__(self) -> str:
        return f"{self.name}@{self.begin:.3f}+{self.end - self.begin:.3f}"


def samples(logs: Logs) -> Iterator[Sample]:
    """All samples of all renditions, in the order of the log."""
    state = State()
    for _, head, parts in logs.ticks:
        if head.HasField("state"):
            state = head.state
        for part, raw in zip(head.parts, parts, strict=True):
            rendition = next(r for r in state.renditions if r.number == part.rendition)
            for fragment in read_segment(raw, read_init(rendition.init)):
                assert fragment.samples[0].dts == part.decode_time
                assert sum(s.duration for s in fragment.samples) == part.duration
                for s in fragment.samples:
                    name = name_of(raw[s.offset : s.offset + s.size])
                    breaks = head.discontinuity_sequence
                    yield Sample(rendition, s.dts, s.duration, s.cts, name, breaks=breaks)


def names(logs: Logs, rendition: str) -> list[str]:
    """The names of a rendition's samples in order."""
    return [sample.name for sample in samples(logs) if sample.rendition == rendition]


def assert_in_order(logs: Logs) -> None:
    """Decode times only grow and nothing overlaps, in each rendition."""
    end: dict[str, float] = {}
    for sample in samples(logs):
        assert sample.begin >= end.get(sample.rendition, 0.0) - TICK, sample
        assert sample.end > sample.begin, sample
        end[sample.rendition] = sample.end


def assert_once(logs: Logs) -> None:
    """No unit is there twice."""
    counts = Counter((s.rendition, s.name) for s in samples(logs))
    assert [name for name, count in counts.items() if count > 1] == []


def assert_each_run_goes_on(logs: Logs) -> None:
    """While one connection is on air its units come once and in order; only a change of source may go back."""
    last: dict[str, int] = {}
    on_air = ""
    for sample in samples(logs):
        tag, number = sample.name.split(".")[:2]
        if tag != on_air:
            on_air, last = tag, {}
        assert int(number[1:]) > last.get(sample.rendition, -1), sample
        last[sample.rendition] = int(number[1:])


def assert_numbered(logs: Logs) -> None:
    """Segments and parts count without a gap; discontinuities only grow."""
    msn, part, breaks = 0, 0, 0
    for _, head, _ in logs.ticks:
        assert (head.msn, head.part) == (msn, part)
        assert head.discontinuity_sequence >= breaks
        breaks = head.discontinuity_sequence
        if head.parts and part == 0:
            assert head.HasField("state")
        part += bool(head.parts)
        if head.ends_segment:
            msn, part = msn + 1, 0


def assert_lengths(logs: Logs) -> None:
    """No segment is longer than the target duration, and no part than its target, but for one long frame."""
    for segment in logs.segments:
        for closed in segment.renditions:
            assert round(closed.duration / closed.timescale) <= segment.target_duration_s, segment
    state = State()
    for _, head, parts in logs.ticks:
        state = head.state if head.HasField("state") else state
        for part, raw in zip(head.parts, parts, strict=True):
            rendition = next(r for r in state.renditions if r.number == part.rendition)
            count = sum([len(f.samples) for f in read_segment(raw, read_init(rendition.init))])
            length_us = part.duration * 1_000_000 / rendition.timescale
            assert length_us <= rendition.part_target_us + 1 or count == 1, (head.msn, head.part, rendition.name)


def assert_heirs_know_as_much(logs: Logs) -> None:
    """Whoever takes over after any tick has the writer's state."""
    for index, (sequence, head, _) in enumerate(logs.ticks):
        begin = head.state_sequence or sequence
        ledger = new_ledger()
        for found, other, _ in logs.ticks[: index + 1]:
            if found >= begin:
                ledger.apply(other, [found])
        assert ledger.state.SerializeToString(deterministic=True) == logs.states[index], index


def assert_all(logs: Logs) -> None:
    """Everything that holds without exception."""
    assert_numbered(logs)
    assert_in_order(logs)
    assert_each_run_goes_on(logs)
    assert_lengths(logs)
    assert_heirs_know_as_much(logs)
