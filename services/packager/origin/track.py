"""One rendition of a live broadcast: what its playlist lists, and the bytes behind it. Pure."""

from dataclasses import dataclass, field, replace

from services.packager.hls.media_playlist import Part, Segment

_PRINTED_US = 10
"""Durations are printed in whole ones of these."""


def listed_us(duration_us: int) -> int:
    """How long a part is listed as: 5 to 15 us longer than it is, so that a segment's list runs ahead of its media.

    Shaka 5.2 resets its decoder between two parts, and then drops all up to the next key frame, where the list is
    behind (docs/players.md): by as little as 1/3 becomes 0.33333, or by half a microsecond.
    """
    return ((duration_us + _PRINTED_US // 2) // _PRINTED_US + 1) * _PRINTED_US


def init_path(name: str, init_id: str) -> str:
    """Of an init segment, from the media playlist."""
    return f"{name}/init-{init_id}.mp4"


def segment_path(name: str, msn: int) -> str:
    return f"{name}/{msn}.m4s"


def part_path(name: str, msn: int, index: int) -> str:
    return f"{name}/{msn}.{index}.m4s"


@dataclass(slots=True)
class OpenSegment:
    """The segment that parts are being added to."""

    parts: list[Part] = field(default_factory=list)
    """With those that are not there, as they are listed."""
    said: int = 0
    """So many of them have been in a list."""
    length_us: int = 0
    """What they last in truth."""
    date_us: int = 0
    """Wall clock at which the first of them is shown, Unix microseconds."""
    init_id: str = ""


@dataclass(slots=True)
class Track:
    """Listed segments, the open one, and the parts' bytes of those and of some that have left the list."""

    name: str
    number: int
    end_time: int = 0
    """Decode time of the end of the last part, in the rendition's timescale."""
    closed: list[Segment] = field(default_factory=list)
    open: OpenSegment = field(default_factory=OpenSegment)
    kept: dict[int, list[bytes]] = field(default_factory=dict)
    """By msn, oldest first: the listed parts' bytes in order, empty for one that is not there."""

    def add(self, msn: int, data: bytes, duration_us: int, *, is_independent: bool) -> None:
        """Take the open segment's next part; no bytes: it is not there, as its playlist says."""
        path = part_path(self.name, msn, len(self.open.parts))
        self.open.parts.append(Part(path, listed_us(duration_us), is_independent, is_gap=not data))
        self.open.length_us += duration_us
        self.kept.setdefault(msn, []).append(data)

    def settle(self) -> None:
        """The open segment has its last part: unless that is in a list, it takes what the others have too much."""
        *others, last = self.open.parts
        rest_us = self.open.length_us - sum(part.duration_us for part in others)
        if self.open.said <= len(others) and rest_us > 0:
            self.open.parts[-1] = replace(last, duration_us=rest_us)

    def close(self, segment: Segment) -> None:
        """The open segment is whole."""
        self.closed.append(segment)
        self.open = OpenSegment()

    def unlist(self, before: int) -> None:
        """Segments before this msn are no longer listed."""
        count = sum(1 for segment in self.closed if segment.msn < before)
        del self.closed[:count]

    def forget(self, before: int) -> None:
        """Let go of the bytes of segments before this msn."""
        for msn in [msn for msn in self.kept if msn < before]:
            del self.kept[msn]

    def segment_bytes(self, msn: int) -> list[bytes] | None:
        """The bytes of a closed segment, part by part; None if it is open, a gap, or not here."""
        is_closed = bool(self.closed) and msn <= self.closed[-1].msn
        return [part for part in self.kept.get(msn, ()) if part] or None if is_closed else None

    def part_bytes(self, msn: int, index: int) -> bytes | None:
        parts = self.kept.get(msn, ())
        return parts[index] or None if index < len(parts) else None
