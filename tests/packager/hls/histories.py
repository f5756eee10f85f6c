"""Valid broadcasts for tests: what a packager could have made, and the windows an origin would show of it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from services.packager.hls.media_playlist import Hint, Part, RenditionReport, Segment, ServerControl, Window

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For every property here: how fast the machine is says nothing about a playlist."""

EPOCH_US = 1_795_000_000_123_456


@dataclass(frozen=True)
class Broadcast:
    """Closed segments with all their parts, and the targets they keep."""

    target_duration: int
    part_target_us: int
    window_us: int
    segments: tuple[Segment, ...]

    @property
    def control(self) -> ServerControl:
        return ServerControl.for_targets(self.target_duration, self.part_target_us)


def steady(count: int, *, parts: int = 6, first_msn: int = 0) -> Broadcast:
    """30 frames a second, parts of 10 frames, segments of 2 s."""
    segments = []
    for msn in range(first_msn, first_msn + count):
        ends = [round(i * 1_000_000 / 3) for i in range(parts + 1)]
        made = tuple(Part(f"v{msn}.{i}.m4s", ends[i + 1] - ends[i], i == 0) for i in range(parts))
        start = EPOCH_US + msn * ends[-1]
        segments.append(Segment(msn, f"v{msn}.m4s", ends[-1], "init0.mp4", start, 0, made))
    return Broadcast(2, 333_334, 20_000_000, tuple(segments))


def _open(segment: Segment, parts: int) -> Segment:
    return replace(segment, uri="", duration_us=0, parts=segment.parts[:parts], is_closed=False, is_gap=False)


def window_at(broadcast: Broadcast, index: int, parts: int = 0) -> Window:
    """The live window when segment `index` has `parts` parts listed; at 0 only closed ones are listed."""
    segments = broadcast.segments
    first = index
    while first > 0 and sum(s.duration_us for s in segments[first:index]) < broadcast.window_us:
        first -= 1
    shown = segments[first:index] + ((_open(segments[index], parts),) if parts else ())
    msn = segments[index].msn
    return Window(
        target_duration=broadcast.target_duration,
        segments=shown,
        part_target_us=broadcast.part_target_us,
        control=broadcast.control,
        hints=(Hint("PART", segments[index].parts[parts].uri),),
        reports=(RenditionReport("audio.m3u8", msn, parts),),
    )


def windows(broadcast: Broadcast) -> Iterator[Window]:
    """Every version of the live playlist, one a part; the last one has ended."""
    last = len(broadcast.segments) - 1
    for index, segment in enumerate(broadcast.segments):
        for parts in range(len(segment.parts)):
            if index or parts:
                yield window_at(broadcast, index, parts)
    final = window_at(broadcast, last)
    yield replace(final, segments=(*final.segments, broadcast.segments[last]), hints=(), reports=(), is_ended=True)


@dataclass
class _Draft:
    """Where the broadcast being drawn has got to."""

    time_us: int = EPOCH_US
    number: int = 0
    init: int = 0


@st.composite
def broadcasts(draw: st.DrawFn, *, max_segments: int = 14) -> Broadcast:
    """Segments of uneven length with gaps, reconnects, changes of codec, and rare leaps of the counter."""
    target = draw(st.integers(1, 6))
    part_target = draw(st.sampled_from([200_000, 333_334, 341_334, 500_000, 1_000_000]))
    drafted = _Draft(number=draw(st.integers(0, 3)))
    first = draw(st.integers(0, 1000))
    count = draw(st.integers(2, max_segments))
    segments = tuple(draw(_segment(first + i, target, part_target, drafted)) for i in range(count))
    window = draw(st.integers(3, 16)) * 1_000_000 * target
    return Broadcast(target, part_target, window, segments)


@st.composite
def _segment(draw: st.DrawFn, msn: int, target: int, part_target: int, drafted: _Draft) -> Segment:
    event = draw(st.sampled_from(["", "", "", "", "lost", "codec", "leap", "gap"]))
    if event in ("lost", "codec", "leap"):
        drafted.number += 2 if event == "leap" else 1
        drafted.time_us += draw(st.integers(0, 100_000_000))
    drafted.init += event == "codec"
    parts = draw(_parts(msn, target, part_target, is_gap=event == "gap"))
    length = sum(part.duration_us for part in parts)
    start, drafted.time_us = drafted.time_us, drafted.time_us + length
    init, is_gap = f"init{drafted.init}.mp4", event == "gap"
    return Segment(msn, f"v{msn}.m4s", length, init, start, drafted.number, parts, is_gap)


@st.composite
def _parts(draw: st.DrawFn, msn: int, target: int, part_target: int, *, is_gap: bool) -> tuple[Part, ...]:
    most = (target * 1_000_000 + 499_999) // part_target
    count = draw(st.integers(1, max(1, min(most, 7))))
    durations = [draw(st.integers(-(-part_target * 85 // 100) + 10, part_target)) for _ in range(count - 1)]
    durations.append(draw(st.integers(20_000, part_target)))
    return tuple(
        Part(f"v{msn}.{i}.m4s", length, i == 0 or draw(st.booleans()), is_gap) for i, length in enumerate(durations)
    )
