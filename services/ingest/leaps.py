"""One track's clock leaps ahead while the other goes on: who is right? Pure.

Encoders and their drivers do that to sound or picture alone, and the leap would stay between the two for ever. An
encoder that has sent nothing for a while leaps with both, and then the time is truly missing. Only the other track can
tell, so what has leapt is held until that has spoken.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from services.common.media.unit import Track
from services.ingest.timestamps import BACK_MS, TICKS_PER_MS, Timeline

Content = TypeVar("Content")

PROOF_MS = 500
"""The other track goes on if it goes on for this long: of what is late, some may have been sent before a pause."""
PATIENCE_MS = 1500
"""With so much of what has leapt, and no word from the other track, there is nothing to hold it to."""
MAX_HELD = 256
MAX_HELD_BYTES = 16_000_000
"""Of one connection: more than PATIENCE_MS of the highest bit rate that is let in by default."""


@dataclass(slots=True)
class _Doubt(Generic[Content]):
    track: Track
    end_ms: int
    """Where the track goes on if it alone has leapt."""
    leap_ms: int
    other_ms: float
    """How far the other track had come."""
    held: list[tuple[int, Content]] = field(default_factory=list)
    size: int = 0
    """Bytes of what is held."""


class Leaps(Generic[Content]):
    """A connection's units on their way to its timeline."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._doubt: _Doubt[Content] | None = None

    def go_on(self, track: Track, stamp_ms: int) -> int | None:
        """The decode time of a unit that only goes on while nothing is held; None if it is one for `place`."""
        return None if self._doubt is not None else self._timeline.go_on(track, stamp_ms)

    def place(
        self, track: Track, stamp_ms: int, content: Content, *, size: int
    ) -> Iterator[tuple[Track, int, Content]]:
        """Take a unit stamped stamp_ms (32 bits), of `size` bytes; those that can be put out, with their decode times
        in ticks.
        """
        timeline = self._timeline
        if self._doubt is None and (leap := timeline.leap_of(track, stamp_ms)) is not None:
            self._doubt = _Doubt(track, *leap)
        doubt = self._doubt
        if doubt is None:
            yield track, timeline.place(track, stamp_ms), content
        elif track is doubt.track:
            since = _signed(stamp_ms - doubt.held[0][0]) if doubt.held else 0
            doubt.held.append((stamp_ms, content))
            doubt.size += size
            if since < -BACK_MS:
                yield from self._settle(is_alone=True)
            elif since > PATIENCE_MS or len(doubt.held) >= MAX_HELD or doubt.size > MAX_HELD_BYTES:
                yield from self._settle(is_alone=False)
        elif timeline.step_of(track, stamp_ms) > doubt.leap_ms // 2:
            yield from self._settle(is_alone=False)
            yield track, timeline.place(track, stamp_ms), content
        else:
            ticks = timeline.place(track, stamp_ms)
            yield track, ticks, content
            if ticks / TICKS_PER_MS - doubt.other_ms >= PROOF_MS:
                yield from self._settle(is_alone=True)

    def finish(self) -> Iterator[tuple[Track, int, Content]]:
        """What is still held: nothing follows."""
        if self._doubt is not None:
            yield from self._settle(is_alone=False)

    def _settle(self, *, is_alone: bool) -> Iterator[tuple[Track, int, Content]]:
        doubt, self._doubt = self._doubt, None
        if doubt is None:
            return
        if is_alone:
            self._timeline.begin_again(doubt.track, doubt.held[0][0], doubt.end_ms)
        for stamp_ms, content in doubt.held:
            yield doubt.track, self._timeline.place(doubt.track, stamp_ms), content


def _signed(difference: int) -> int:
    return (difference + 0x80000000 & 0xFFFFFFFF) - 0x80000000
