"""Text tracks of recordings: WebVTT as players of HLS take it (RFC 8216bis 3.1.4), and a playlist around it."""

import re
from collections.abc import Sequence

from headwater.internal.v1.cmaf_pb2 import Rendition
from headwater.internal.v1.protection_pb2 import CaptionTrack
from services.packager.hls.media_playlist import PlaylistType, Segment, Window
from services.packager.hls.query import with_query
from services.packager.hls.render import MediaRenderer
from services.packager.http import Response, compress
from services.packager.origin import answers
from services.packager.origin.recording import PLAYLIST_AGE_S, RecordedMedia

TEXT_AGE_S = 60
"""Somebody may upload another text."""

_CLOCK = 90_000
_WRAP = 1 << 33
"""MPEG time stamps have 33 bits, and players expect no more."""
_MAP = re.compile(rb"(?m)^X-TIMESTAMP-MAP=.*(?:\r\n|\r|\n|\Z)")
_HEADER_END = re.compile(rb"(?:\r\n|\r|\n)(?:\r\n|\r|\n)")
_FIRST_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n|\Z)")


def track_of(captions: Sequence[CaptionTrack], language: str) -> CaptionTrack | None:
    """The track of a language, in which tags are the same in any case (RFC 5646, 2.1.1)."""
    return next((each for each in captions if each.language.lower() == language.lower()), None)


def text(data: bytes, media: RecordedMedia, key: str) -> Response:
    """A track's text, whose times are from the beginning of the recording."""
    headers = {"content-type": "text/vtt; charset=utf-8", "cache-control": f"public, max-age={TEXT_AGE_S}"}
    body = placed(data, _begin(media))
    return Response(200, headers, body, gzipped=compress(body), etag=f'"{key[-40:]}"')


def playlist(media: RecordedMedia, track: CaptionTrack, kept_query: str) -> Response:
    """One segment as long as the recording."""
    first = media.segments[0] if media.segments else None
    segment = Segment(
        msn=0,
        uri=f"{track.language}.vtt",
        duration_us=media.length_us,
        init_uri=None,
        program_time_us=None,
        discontinuity_sequence=first.discontinuity_sequence if first is not None else 0,
    )
    window = Window(
        target_duration=max(1, -(-media.length_us // 1_000_000)),
        segments=[segment],
        is_ended=True,
        playlist_type=PlaylistType.VOD,
    )
    make = answers.own_playlist if kept_query else answers.playlist
    return make(with_query(MediaRenderer().template(window), kept_query), max_age_s=PLAYLIST_AGE_S)


def placed(data: bytes, begin: int) -> bytes:
    """WebVTT whose time 0 is the media's time `begin` (90 kHz); what it said of that itself was of another stream."""
    end = _HEADER_END.search(data)
    header, rest = (data[: end.start()], data[end.start() :]) if end is not None else (data, b"")
    first = _FIRST_LINE.match(header)
    at = first.end() if first is not None else 0
    others = _MAP.sub(b"", header[at:]).rstrip(b"\r\n")
    lines = [header[:at].rstrip(b"\r\n"), b"X-TIMESTAMP-MAP=MPEGTS:%d,LOCAL:00:00:00.000" % (begin % _WRAP)]
    return b"\n".join([*lines, *([others] if others else [])]) + (rest or b"\n")


def _begin(media: RecordedMedia) -> int:
    """When the first segment begins, by the picture if there is one: players set their clocks by it."""
    if not media.segments:
        return 0
    pictures = {name for name, each in media.renditions.items() if each.kind == Rendition.VIDEO}
    there = [each for each in media.segments[0].renditions if each.timescale]
    leading = [each for each in there if each.name in pictures] or there
    return round(leading[0].decode_time * _CLOCK / leading[0].timescale) if leading else 0
