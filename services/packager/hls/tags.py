"""The table of HLS tags. `render` and `parse` both work from it, so they cannot disagree.

A tag has a name and a value: nothing, one value, or an attribute list that is one dataclass.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from services.packager.hls import attributes as value
from services.packager.hls.attributes import PlaylistError, Value
from services.packager.hls.media_playlist import Hint, Part, RenditionReport, ServerControl, Start
from services.packager.hls.multivariant import Alternative, Variant

M = TypeVar("M")
T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")


def date_time(program_time_us: int) -> str:
    """ISO 8601 in UTC to the millisecond, rounded down (4.4.4.6)."""
    moment = _EPOCH + timedelta(milliseconds=program_time_us // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_date_time(text: str) -> int:
    """Microseconds since 1970 UTC; a time without a zone is UTC (4.4.4.6)."""
    if _DATE_TIME.fullmatch(text) is None:
        raise PlaylistError(f"not a date and time: {text[:40]!r}")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise PlaylistError(f"not a date and time: {text[:40]!r}") from error
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class ValueTag(Generic[T]):
    """`#NAME:value`."""

    name: str
    value: Value[T]

    def render(self, content: T) -> str:
        return f"#{self.name}:{self.value.encode(content)}\n"

    def parse(self, text: str) -> T:
        return self.value.decode(text)


@dataclass(frozen=True, slots=True)
class FlagTag:
    """`#NAME`, which is there or not."""

    name: str

    def render(self, content: bool = True) -> str:
        return f"#{self.name}\n" if content else ""

    def parse(self, text: str) -> bool:
        if text:
            raise PlaylistError(f"{self.name} takes no value")
        return True


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of a list: its name, the field that holds it, its type. None and False are not written."""

    name: str
    field: str
    value: Value[Any]
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class ListTag(Generic[M]):
    """`#NAME:attribute-list`, read into and written from one dataclass."""

    name: str
    model: Callable[..., M]
    attributes: tuple[Attribute, ...]

    def render(self, content: M) -> str:
        written = [
            f"{a.name}={a.value.encode(held)}"
            for a in self.attributes
            if (held := getattr(content, a.field)) is not None and held is not False
        ]
        return f"#{self.name}:{','.join(written)}\n"

    def parse(self, text: str) -> M:
        return self.model(**self.fields(text))

    def fields(self, text: str) -> dict[str, Any]:
        """Field values of the attributes that are there; unknown ones are ignored (6.3.1)."""
        raw = value.split_attributes(text)
        missing = [a.name for a in self.attributes if a.is_required and a.name not in raw]
        if missing:
            raise PlaylistError(f"{self.name} lacks {missing[0]}")
        return {a.field: a.value.decode(raw[a.name]) for a in self.attributes if a.name in raw}


@dataclass(frozen=True, slots=True)
class Map:
    """EXT-X-MAP (4.4.4.5)."""

    uri: str


@dataclass(frozen=True, slots=True)
class PartInf:
    """EXT-X-PART-INF (4.4.3.7)."""

    part_target_us: int


@dataclass(frozen=True, slots=True)
class Skip:
    """EXT-X-SKIP (4.4.5.2). We list no date ranges, so what was removed of them is an empty text or absent."""

    skipped_segments: int
    removed_date_ranges: str | None = None


EXTM3U = FlagTag("EXTM3U")
VERSION = ValueTag("EXT-X-VERSION", value.INTEGER)
INDEPENDENT_SEGMENTS = FlagTag("EXT-X-INDEPENDENT-SEGMENTS")
START = ListTag(
    "EXT-X-START",
    Start,
    (
        Attribute("TIME-OFFSET", "time_offset_us", value.SIGNED_SECONDS, is_required=True),
        Attribute("PRECISE", "is_precise", value.YES),
    ),
)
TARGETDURATION = ValueTag("EXT-X-TARGETDURATION", value.INTEGER)
MEDIA_SEQUENCE = ValueTag("EXT-X-MEDIA-SEQUENCE", value.MSN)
DISCONTINUITY_SEQUENCE = ValueTag("EXT-X-DISCONTINUITY-SEQUENCE", value.INTEGER)
ENDLIST = FlagTag("EXT-X-ENDLIST")
PLAYLIST_TYPE = ValueTag("EXT-X-PLAYLIST-TYPE", value.ENUMERATED)
PART_INF = ListTag(
    "EXT-X-PART-INF", PartInf, (Attribute("PART-TARGET", "part_target_us", value.BOUND, is_required=True),)
)
SERVER_CONTROL = ListTag(
    "EXT-X-SERVER-CONTROL",
    ServerControl,
    (
        Attribute("CAN-BLOCK-RELOAD", "can_block_reload", value.YES),
        Attribute("PART-HOLD-BACK", "part_hold_back_us", value.BOUND),
        Attribute("HOLD-BACK", "hold_back_us", value.BOUND),
        Attribute("CAN-SKIP-UNTIL", "can_skip_until_us", value.BOUND),
    ),
)
DISCONTINUITY = FlagTag("EXT-X-DISCONTINUITY")
MAP = ListTag("EXT-X-MAP", Map, (Attribute("URI", "uri", value.URI, is_required=True),))
PROGRAM_DATE_TIME = ValueTag("EXT-X-PROGRAM-DATE-TIME", Value(date_time, parse_date_time))
GAP = FlagTag("EXT-X-GAP")
PART = ListTag(
    "EXT-X-PART",
    Part,
    (
        Attribute("DURATION", "duration_us", value.SECONDS, is_required=True),
        Attribute("URI", "uri", value.URI, is_required=True),
        Attribute("INDEPENDENT", "is_independent", value.YES),
        Attribute("GAP", "is_gap", value.YES),
    ),
)
EXTINF = ValueTag("EXTINF", Value(lambda us: f"{value.seconds(us)},", lambda t: value.parse_seconds(t.split(",")[0])))
SKIP = ListTag(
    "EXT-X-SKIP",
    Skip,
    (
        Attribute("SKIPPED-SEGMENTS", "skipped_segments", value.INTEGER, is_required=True),
        Attribute("RECENTLY-REMOVED-DATERANGES", "removed_date_ranges", value.QUOTED),
    ),
)
PRELOAD_HINT = ListTag(
    "EXT-X-PRELOAD-HINT",
    Hint,
    (
        Attribute("TYPE", "type", value.ENUMERATED, is_required=True),
        Attribute("URI", "uri", value.URI, is_required=True),
    ),
)
RENDITION_REPORT = ListTag(
    "EXT-X-RENDITION-REPORT",
    RenditionReport,
    (
        Attribute("URI", "uri", value.URI, is_required=True),
        Attribute("LAST-MSN", "last_msn", value.MSN, is_required=True),
        Attribute("LAST-PART", "last_part", value.INTEGER),
    ),
)
MEDIA = ListTag(
    "EXT-X-MEDIA",
    Alternative,
    (
        Attribute("TYPE", "type", value.ENUMERATED, is_required=True),
        Attribute("GROUP-ID", "group_id", value.QUOTED, is_required=True),
        Attribute("NAME", "name", value.QUOTED, is_required=True),
        Attribute("LANGUAGE", "language", value.QUOTED),
        Attribute("DEFAULT", "is_default", value.YES),
        Attribute("AUTOSELECT", "is_autoselect", value.YES),
        Attribute("CHANNELS", "channels", value.QUOTED),
        Attribute("INSTREAM-ID", "instream_id", value.QUOTED),
        Attribute("URI", "uri", value.URI),
    ),
)
STREAM_INF = ListTag(
    "EXT-X-STREAM-INF",
    Variant,
    (
        Attribute("BANDWIDTH", "bandwidth", value.INTEGER, is_required=True),
        Attribute("AVERAGE-BANDWIDTH", "average_bandwidth", value.INTEGER),
        Attribute("CODECS", "codecs", value.LIST),
        Attribute("RESOLUTION", "resolution", value.RESOLUTION),
        Attribute("FRAME-RATE", "frame_rate", value.FRAME_RATE),
        Attribute("AUDIO", "audio", value.QUOTED),
        Attribute("SUBTITLES", "subtitles", value.QUOTED),
        Attribute("CLOSED-CAPTIONS", "closed_captions", value.GROUP),
    ),
)
