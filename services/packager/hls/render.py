"""Playlists as text. Rendered three times a second for each rendition, so the text of closed segments is kept.

`*_template` is for many viewers: render once a change, then `query.with_query` for each distinct query.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

from services.packager.hls import tags
from services.packager.hls.attributes import QUERY_MARK
from services.packager.hls.delta import skipped_segments
from services.packager.hls.media_playlist import Segment, ServerControl, Window
from services.packager.hls.multivariant import Multivariant, Variant
from services.packager.hls.query import propagated, with_query

PARTS_KEPT_TARGET_DURATIONS = 3
"""Parts further from the end than this are no longer listed (6.2.2)."""

_HEAD = tags.EXTM3U.render()


class DeltaRequest(Enum):
    """The `_HLS_skip` directive (6.2.5.1)."""

    NONE = ""
    YES = "YES"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class _Text:
    """What is kept of a closed segment: it follows from the segment and from what the one before said."""

    segment: Segment
    init_before: str | None
    discontinuity_before: int
    plain: str
    full: str


def _parts_text(segment: Segment) -> str:
    return "".join([tags.PART.render(part) for part in segment.parts])


def _date_text(segment: Segment) -> str:
    return "" if segment.program_time_us is None else tags.PROGRAM_DATE_TIME.render(segment.program_time_us)


def _map_text(segment: Segment) -> str:
    return "" if segment.init_uri is None else tags.MAP.render(tags.Map(segment.init_uri))


def _end_text(segment: Segment) -> str:
    if not segment.is_closed:
        return ""
    return f"{tags.GAP.render(segment.is_gap)}{tags.EXTINF.render(segment.duration_us)}{segment.uri}{QUERY_MARK}\n"


def _lead_text(segment: Segment, before: Segment) -> str:
    """DISCONTINUITY once for each number passed, so that counting tags gives the number (6.2.1); then the MAP."""
    passed = segment.discontinuity_sequence - before.discontinuity_sequence
    is_map_due = passed > 0 or segment.init_uri != before.init_uri
    return tags.DISCONTINUITY.render() * passed + (_map_text(segment) if is_map_due else "")


def first_with_parts(window: Window) -> int:
    """Index of the first segment that lists its parts.

    A part's index is its place in its segment, so a segment goes with all its parts or with none: they stay until
    the last of them is three target durations from the end.
    """
    if window.part_target_us is None:
        return len(window.segments)
    limit = PARTS_KEPT_TARGET_DURATIONS * 1_000_000 * window.target_duration
    distance = 0
    for index in range(len(window.segments) - 1, -1, -1):
        if distance > limit:
            return index + 1
        distance += window.segments[index].listed_us
    return 0


class MediaRenderer:
    """Renders the windows of one media playlist one after the other. The result depends on the arguments alone."""

    def __init__(self) -> None:
        self._texts: dict[int, _Text] = {}

    def render(
        self,
        window: Window,
        *,
        with_parts: bool = True,
        delta: DeltaRequest = DeltaRequest.NONE,
        query: str = "",
    ) -> bytes:
        """The playlist; `query` is the raw query of the request, of which all but `_HLS_…` goes to each URI."""
        return with_query(self.template(window, with_parts=with_parts, delta=delta), propagated(query))

    def template(self, window: Window, *, with_parts: bool = True, delta: DeltaRequest = DeltaRequest.NONE) -> bytes:
        """The playlist with QUERY_MARK after each URI, for `query.with_query`.

        Without parts it is a plain playlist of closed segments: no parts, hints, reports or PART-INF.
        """
        shown = window if with_parts else _without_parts(window)
        skipped = 0 if delta is DeltaRequest.NONE else skipped_segments(shown)
        text = [_HEAD, _header_text(shown, skipped, delta), *self._segment_texts(shown, skipped)]
        if shown.is_ended:
            text.append(tags.ENDLIST.render())
        else:
            text.extend(map(tags.PRELOAD_HINT.render, shown.hints))
            text.extend(map(tags.RENDITION_REPORT.render, shown.reports))
        return "".join(text).encode()

    def _segment_texts(self, window: Window, skipped: int) -> list[str]:
        segments = window.segments
        if not segments:
            return []
        parts_from = first_with_parts(window)
        texts = [_first_text(segments, skipped, parts_from)]
        for index in range(skipped + 1, len(segments)):
            kept = self._text(segments[index], segments[index - 1])
            texts.append(kept.full if index >= parts_from else kept.plain)
        if len(self._texts) > 2 * len(segments) + 8:
            self._forget(segments[0].msn)
        return texts

    def _text(self, segment: Segment, before: Segment) -> _Text:
        kept = self._texts.get(segment.msn)
        if (
            kept is not None
            and kept.segment is segment
            and kept.init_before == before.init_uri
            and kept.discontinuity_before == before.discontinuity_sequence
        ):
            return kept
        made = _made_text(segment, before)
        if segment.is_closed:
            self._texts[segment.msn] = made
        return made

    def _forget(self, first_msn: int) -> None:
        self._texts = {msn: text for msn, text in self._texts.items() if msn >= first_msn}


def _made_text(segment: Segment, before: Segment) -> _Text:
    if not segment.is_closed and not segment.parts:
        return _Text(segment, before.init_uri, before.discontinuity_sequence, "", "")
    start = _lead_text(segment, before) + _date_text(segment)
    end = _end_text(segment)
    plain = start + end if segment.is_closed else ""
    full = start + _parts_text(segment) + end
    return _Text(segment, before.init_uri, before.discontinuity_sequence, plain, full)


def _first_text(segments: Sequence[Segment], skipped: int, parts_from: int) -> str:
    """The first segment that is written out.

    The first of the list has no DISCONTINUITY: its number is in the header. After a SKIP the MAP is said again,
    though it may have stood before: a client then needs nothing of the skipped tags to decode what follows.
    """
    first = segments[skipped]
    if not first.is_closed and (not first.parts or parts_from > skipped):
        return ""
    passed = first.discontinuity_sequence - segments[skipped - 1].discontinuity_sequence if skipped else 0
    parts = _parts_text(first) if parts_from <= skipped else ""
    lead = tags.DISCONTINUITY.render() * passed + _map_text(first)
    return lead + _date_text(first) + parts + _end_text(first)


def _without_parts(window: Window) -> Window:
    control = window.control and replace(window.control, part_hold_back_us=None)
    return replace(window, part_target_us=None, control=control, hints=(), reports=())


def media_version(window: Window, skipped: int) -> int:
    """The least EXT-X-VERSION that allows what is written (section 8): more would turn old players away."""
    if skipped:
        return 9
    # An empty live window will have a MAP, and the version of a playlist does not change.
    return 6 if not window.segments or any(segment.init_uri for segment in window.segments) else 3


def _header_text(window: Window, skipped: int, delta: DeltaRequest) -> str:
    first = window.segments[0] if window.segments else None
    discontinuity = first.discontinuity_sequence if first else 0
    text = [
        tags.VERSION.render(media_version(window, skipped)),
        tags.TARGETDURATION.render(window.target_duration),
        *([tags.PLAYLIST_TYPE.render(window.playlist_type.value)] if window.playlist_type else ()),
        *([tags.SERVER_CONTROL.render(window.control)] if window.control not in (None, ServerControl()) else ()),
        *([tags.PART_INF.render(tags.PartInf(window.part_target_us))] if window.part_target_us else ()),
        *([tags.START.render(window.start)] if window.start else ()),
        tags.MEDIA_SEQUENCE.render(first.msn if first else 0),
        # Always in a playlist that loses segments: 6.2.2 wants it before the first DISCONTINUITY leaves.
        *([tags.DISCONTINUITY_SEQUENCE.render(discontinuity)] if discontinuity or not window.playlist_type else ()),
        *([tags.SKIP.render(_skip(skipped, delta))] if skipped else ()),
    ]
    return "".join(text)


def _skip(skipped: int, delta: DeltaRequest) -> tags.Skip:
    # REQUIRED where the client asked for date ranges to be skipped too (4.4.5.2); there are none.
    return tags.Skip(skipped, "" if delta is DeltaRequest.V2 else None)


def render_media(
    window: Window,
    *,
    with_parts: bool = True,
    delta: DeltaRequest = DeltaRequest.NONE,
    query: str = "",
) -> bytes:
    """One media playlist without a renderer to keep texts: for VOD and tests."""
    return MediaRenderer().render(window, with_parts=with_parts, delta=delta, query=query)


def multivariant_template(playlist: Multivariant) -> bytes:
    """A multivariant playlist with QUERY_MARK after each URI."""
    text = [
        _HEAD,
        # Renditions need no version, but 4 keeps players away that know no groups (section 8).
        *([tags.VERSION.render(4)] if playlist.audio or playlist.subtitles else ()),
        *([tags.INDEPENDENT_SEGMENTS.render()] if playlist.has_independent_segments else ()),
        *([tags.START.render(playlist.start)] if playlist.start else ()),
        *map(tags.MEDIA.render, (*playlist.audio, *playlist.subtitles, *playlist.closed_captions)),
        *map(_variant_text, playlist.variants),
    ]
    return "".join(text).encode()


def _variant_text(variant: Variant) -> str:
    return f"{tags.STREAM_INF.render(variant)}{variant.uri}{QUERY_MARK}\n"


def render_multivariant(playlist: Multivariant, *, query: str = "") -> bytes:
    """A multivariant playlist; `query` as in `MediaRenderer.render`."""
    return with_query(multivariant_template(playlist), propagated(query))
