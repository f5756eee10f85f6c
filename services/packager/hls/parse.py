"""Playlists as read: the inverse of `render`, from the same table of tags. Unknown tags are ignored (6.3.1).

Strict on what it knows: tests and clients that go through it see every mistake a player might forgive.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.packager.hls import tags
from services.packager.hls.attributes import FIRST_MSN, PlaylistError
from services.packager.hls.delta import MediaPlaylist
from services.packager.hls.media_playlist import Part, PlaylistType, Segment, Window
from services.packager.hls.multivariant import Alternative, Multivariant, Variant

MAX_PLAYLIST_LENGTH = 16 * 1024 * 1024
"""Characters; a day of segments with a query after each URI is below it."""

# Tags that describe the whole playlist: at most once each, and where it goes.
_HEADER: dict[str, Any] = {
    tag.name: tag
    for tag in (
        tags.VERSION,
        tags.TARGETDURATION,
        tags.MEDIA_SEQUENCE,
        tags.DISCONTINUITY_SEQUENCE,
        tags.PLAYLIST_TYPE,
        tags.PART_INF,
        tags.SERVER_CONTROL,
        tags.START,
        tags.ENDLIST,
        tags.SKIP,
        tags.INDEPENDENT_SEGMENTS,
    )
}


@dataclass(slots=True)
class _Reading:
    """What has been read so far, and the segment being read."""

    header: dict[str, Any] = field(default_factory=dict)
    segments: list[Segment] = field(default_factory=list)
    hints: list[Any] = field(default_factory=list)
    reports: list[Any] = field(default_factory=list)
    discontinuities: int = 0
    init_uri: str | None = None
    program_time_us: int | None = None
    duration_us: int | None = None
    is_gap: bool = False
    parts: list[Part] = field(default_factory=list)

    @property
    def media_sequence(self) -> int:
        """Number of the list's first segment, those that a delta update skips included."""
        found: int = self.header.get(tags.MEDIA_SEQUENCE.name, -FIRST_MSN)
        return found

    def close_segment(self, uri: str) -> None:
        if self.duration_us is None:
            raise PlaylistError(f"URI without EXTINF: {uri[:40]!r}")
        self.segments.append(self._segment(uri, is_closed=True))
        self.program_time_us, self.duration_us, self.is_gap, self.parts = None, None, False, []

    def end(self) -> None:
        if self.duration_us is not None:
            raise PlaylistError("EXTINF without a URI")
        if self.parts:
            self.segments.append(self._segment("", is_closed=False))

    def _segment(self, uri: str, *, is_closed: bool) -> Segment:
        skip = self.header.get(tags.SKIP.name)
        skipped = skip.skipped_segments if skip else 0
        return Segment(
            msn=self.media_sequence + skipped + len(self.segments),
            uri=uri,
            duration_us=self.duration_us or 0,
            init_uri=self.init_uri,
            program_time_us=self.program_time_us,
            discontinuity_sequence=self.header.get(tags.DISCONTINUITY_SEQUENCE.name, 0) + self.discontinuities,
            parts=tuple(self.parts),
            is_gap=self.is_gap,
            is_closed=is_closed,
        )


def _set_duration(reading: _Reading, text: str) -> None:
    reading.duration_us = tags.EXTINF.parse(text)


def _add_discontinuity(reading: _Reading, text: str) -> None:
    reading.discontinuities += tags.DISCONTINUITY.parse(text)


def _set_map(reading: _Reading, text: str) -> None:
    reading.init_uri = tags.MAP.parse(text).uri


def _set_time(reading: _Reading, text: str) -> None:
    reading.program_time_us = tags.PROGRAM_DATE_TIME.parse(text)


def _set_gap(reading: _Reading, text: str) -> None:
    reading.is_gap = tags.GAP.parse(text)


_BODY: dict[str, Callable[[_Reading, str], None]] = {
    tags.EXTINF.name: _set_duration,
    tags.DISCONTINUITY.name: _add_discontinuity,
    tags.MAP.name: _set_map,
    tags.PROGRAM_DATE_TIME.name: _set_time,
    tags.GAP.name: _set_gap,
    tags.PART.name: lambda reading, text: reading.parts.append(tags.PART.parse(text)),
    tags.PRELOAD_HINT.name: lambda reading, text: reading.hints.append(tags.PRELOAD_HINT.parse(text)),
    tags.RENDITION_REPORT.name: lambda reading, text: reading.reports.append(tags.RENDITION_REPORT.parse(text)),
}


def _lines(text: str) -> list[str]:
    if len(text) > MAX_PLAYLIST_LENGTH:
        raise PlaylistError("playlist is too long")
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[0] != "#EXTM3U":
        raise PlaylistError("the first line is not #EXTM3U")
    return lines[1:]


def _read_header(header: dict[str, Any], name: str, content: str) -> None:
    if name in header:
        raise PlaylistError(f"{name} appears twice")
    header[name] = _HEADER[name].parse(content)


def parse_media(text: str) -> MediaPlaylist:
    """Reads a media playlist or a delta update. Raises PlaylistError."""
    reading = _Reading()
    for line in _lines(text):
        name, _, content = line[1:].partition(":")
        if not line.startswith("#"):
            if line:
                reading.close_segment(line)
        elif name in _HEADER:
            _read_header(reading.header, name, content)
        elif name in _BODY:
            _BODY[name](reading, content)
    reading.end()
    return _media_playlist(reading)


def _media_playlist(reading: _Reading) -> MediaPlaylist:
    header = reading.header
    if tags.TARGETDURATION.name not in header:
        raise PlaylistError("EXT-X-TARGETDURATION is missing")
    part_inf, skip = header.get(tags.PART_INF.name), header.get(tags.SKIP.name)
    window = Window(
        target_duration=header[tags.TARGETDURATION.name],
        segments=tuple(reading.segments),
        part_target_us=part_inf.part_target_us if part_inf else None,
        control=header.get(tags.SERVER_CONTROL.name),
        hints=tuple(reading.hints),
        reports=tuple(reading.reports),
        is_ended=tags.ENDLIST.name in header,
        playlist_type=_playlist_type(header.get(tags.PLAYLIST_TYPE.name)),
        start=header.get(tags.START.name),
    )
    return MediaPlaylist(
        window=window,
        version=header.get(tags.VERSION.name, 1),
        media_sequence=reading.media_sequence,
        discontinuity_sequence=header.get(tags.DISCONTINUITY_SEQUENCE.name, 0),
        skipped_segments=skip.skipped_segments if skip else 0,
    )


def _playlist_type(text: str | None) -> PlaylistType | None:
    if text is None:
        return None
    try:
        return PlaylistType(text)
    except ValueError as error:
        raise PlaylistError(f"unknown playlist type {text[:40]!r}") from error


def parse_multivariant(text: str) -> Multivariant:
    """Reads a multivariant playlist with its groups. Raises PlaylistError."""
    header: dict[str, Any] = {}
    variants: list[Variant] = []
    media: list[Alternative] = []
    pending: dict[str, Any] | None = None
    for line in _lines(text):
        name, _, content = line[1:].partition(":")
        if line and not line.startswith("#"):
            if pending is None:
                raise PlaylistError(f"URI without EXT-X-STREAM-INF: {line[:40]!r}")
            variants.append(Variant(uri=line, **pending))
            pending = None
        elif name == tags.STREAM_INF.name:
            pending = tags.STREAM_INF.fields(content)
        elif name == tags.MEDIA.name:
            media.append(_alternative(content))
        elif name in (tags.VERSION.name, tags.START.name, tags.INDEPENDENT_SEGMENTS.name):
            _read_header(header, name, content)
    if pending is not None:
        raise PlaylistError("EXT-X-STREAM-INF without a URI")
    return Multivariant(
        variants=tuple(variants),
        audio=tuple(each for each in media if each.type == "AUDIO"),
        subtitles=tuple(each for each in media if each.type == "SUBTITLES"),
        closed_captions=tuple(each for each in media if each.type == "CLOSED-CAPTIONS"),
        has_independent_segments=tags.INDEPENDENT_SEGMENTS.name in header,
        start=header.get(tags.START.name),
    )


def _alternative(content: str) -> Alternative:
    """What is in the picture is named by its INSTREAM-ID, all else by its URI (4.4.6.1)."""
    found = tags.MEDIA.parse(content)
    needed = "INSTREAM-ID" if found.type == "CLOSED-CAPTIONS" else "URI"
    if (found.instream_id if needed == "INSTREAM-ID" else found.uri) is None:
        raise PlaylistError(f"{tags.MEDIA.name} lacks {needed}")
    return found
