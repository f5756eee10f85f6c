"""The live edge of an LL-HLS media playlist, as a light player reads it: what is new, and what to ask for next."""

import itertools
import re
from dataclasses import dataclass

_PART = re.compile(rb'^#EXT-X-PART:.*?URI="([^"]+)"', re.MULTILINE)
_DURATION = re.compile(rb"DURATION=([0-9.]+)")
_SEQUENCE = re.compile(rb"^#EXT-X-MEDIA-SEQUENCE:(\d+)", re.MULTILINE)

Place = tuple[int, int]
"""Media sequence number and part."""


@dataclass(frozen=True)
class Part:
    """One part that a playlist lists."""

    place: Place
    uri: str
    ends_s: float
    """Seconds from the start of the playlist's first segment to this part's end."""


@dataclass(frozen=True)
class Edge:
    """What a playlist says at its end."""

    parts: tuple[Part, ...]
    """All that are listed, oldest first."""
    next: Place
    """The first part that is not listed yet."""
    first: int
    """Media sequence number of the first segment."""
    segments: tuple[str, ...]
    """URIs of closed segments."""
    lengths_s: tuple[float, ...]
    """Their durations."""
    has_ended: bool

    def since(self, place: Place) -> list[Part]:
        """The listed parts from that place on."""
        return [part for part in self.parts if part.place >= place]


def read_edge(playlist: bytes) -> Edge:
    """Reads a full playlist (not a delta update). ValueError if it is no media playlist."""
    sequence = _SEQUENCE.search(playlist)
    if sequence is None:
        raise ValueError(f"no media playlist: {playlist[:80]!r}")
    first = msn = int(sequence[1])
    index, begins_s, within_s = 0, 0.0, 0.0
    parts: list[Part] = []
    segments: list[tuple[str, float]] = []
    length_s = 0.0
    for line in playlist.splitlines():
        if found := _PART.match(line):
            duration = _DURATION.search(line)
            within_s += float(duration[1]) if duration else 0.0
            parts.append(Part((msn, index), found[1].decode(), begins_s + within_s))
            index += 1
        elif line.startswith(b"#EXTINF:"):
            length_s = float(line[8:].partition(b",")[0])
        elif line and not line.startswith(b"#"):
            segments.append((line.decode(), length_s))
            msn, index, begins_s, within_s = msn + 1, 0, begins_s + length_s, 0.0
    return Edge(
        parts=tuple(parts),
        next=(msn, index),
        first=first,
        segments=tuple(uri for uri, _ in segments),
        lengths_s=tuple(length for _, length in segments),
        has_ended=b"#EXT-X-ENDLIST" in playlist,
    )


def renditions(multivariant: bytes) -> list[str]:
    """URIs of the first variant and of the renditions it names, picture first. ValueError if there is none."""
    lines = multivariant.decode().splitlines()
    streams = [after for line, after in itertools.pairwise(lines) if line.startswith("#EXT-X-STREAM-INF")]
    if not streams:
        raise ValueError("the multivariant playlist names no variant")
    media = [
        found[1] for line in lines if line.startswith("#EXT-X-MEDIA") and (found := re.search(r'URI="(.+?)"', line))
    ]
    return [streams[0], *media]
