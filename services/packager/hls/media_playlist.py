"""What a media playlist says: parts, segments, the window. All times are whole microseconds.

A writer of durations should take them as differences of rounded absolute times (`round(end) - round(start)`):
then the parts of a segment add up to it, and segments to the program's clock, without drift.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class PlaylistType(StrEnum):
    """EXT-X-PLAYLIST-TYPE (4.4.3.5). A live window has none: both values forbid to remove segments."""

    EVENT = "EVENT"
    VOD = "VOD"


@dataclass(frozen=True, slots=True)
class Part:
    """A partial segment (4.4.4.9). Its index is its place in its segment, so a segment lists all parts or none."""

    uri: str
    duration_us: int
    is_independent: bool = False
    is_gap: bool = False


@dataclass(frozen=True, slots=True)
class Segment:
    """A media segment, or the open one at the end of a live window, which has nothing but parts.

    URIs carry no query of their own. Closed segments should be kept and handed in again as the same objects: the
    renderer keeps the text of those it has seen.
    """

    msn: int
    """Counted from 0; a playlist says `attributes.FIRST_MSN` more."""
    uri: str
    duration_us: int
    """0 while open."""
    init_uri: str | None
    program_time_us: int | None
    """Wall clock of its first sample, microseconds since 1970 UTC."""
    discontinuity_sequence: int = 0
    parts: tuple[Part, ...] = ()
    is_gap: bool = False
    is_closed: bool = True

    @property
    def listed_us(self) -> int:
        """Length of what is listed of it."""
        return self.duration_us if self.is_closed else sum(part.duration_us for part in self.parts)


@dataclass(frozen=True, slots=True)
class ServerControl:
    """EXT-X-SERVER-CONTROL (4.4.3.8)."""

    can_skip_until_us: int | None = None
    """At least six target durations."""
    hold_back_us: int | None = None
    """At least three target durations."""
    part_hold_back_us: int | None = None
    """At least two, better three, part targets. Required with parts."""
    can_block_reload: bool = False

    @classmethod
    def for_targets(cls, target_duration: int, part_target_us: int | None) -> "ServerControl":
        """The least the specification recommends, from the target duration (s) and the part target (us or None)."""
        # The printed PART-TARGET is rounded up to 10 us; three times the printed one is what counts.
        hold = None if part_target_us is None else 3 * (-(-part_target_us // 10) * 10)
        return cls(
            can_skip_until_us=6_000_000 * target_duration,
            hold_back_us=3_000_000 * target_duration,
            part_hold_back_us=hold,
            can_block_reload=True,
        )


@dataclass(frozen=True, slots=True)
class Hint:
    """EXT-X-PRELOAD-HINT (4.4.5.3): a resource, of `type` PART or MAP, that may be asked for before it exists."""

    type: str
    uri: str


@dataclass(frozen=True, slots=True)
class RenditionReport:
    """EXT-X-RENDITION-REPORT (4.4.5.4): how far another media playlist has come. `uri` is relative.

    Segments count from 0, parts too.
    """

    uri: str
    last_msn: int
    last_part: int | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """EXT-X-START (4.4.2.2). Negative: counted from the end."""

    time_offset_us: int
    is_precise: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Everything one version of a media playlist says. Only the last segment may be open.

    `target_duration` (s) and `part_target_us` never change within a broadcast (6.2.1). Hints and reports are left
    out once `is_ended`.
    """

    target_duration: int
    segments: Sequence[Segment]
    part_target_us: int | None = None
    control: ServerControl | None = None
    hints: tuple[Hint, ...] = ()
    reports: tuple[RenditionReport, ...] = ()
    is_ended: bool = False
    playlist_type: PlaylistType | None = None
    start: Start | None = None
