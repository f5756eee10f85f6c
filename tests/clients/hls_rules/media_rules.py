"""Rules of one version of a media playlist that do not concern parts (RFC 8216bis 4.4.2 to 4.4.5, 6.2)."""

import re
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from tests.clients.hls_rules.reader import Playlist, after
from tests.clients.hls_rules.rule import RuleBook

MEDIA: RuleBook[Playlist] = RuleBook()

TIME_TOLERANCE_S = 0.1
"""Between PROGRAM-DATE-TIME and the sum of EXTINF: drift below this is no ambiguity (6.2.1 allows sub-second)."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,}(Z|[+-]\d\d:?\d\d)")


@MEDIA.rule("target-duration", "4.4.3.1")
def target_duration(playlist: Playlist) -> Iterable[str]:
    tag = playlist.first("EXT-X-TARGETDURATION")
    if tag is None or not tag.value.isdigit() or int(tag.value) < 1:
        yield "EXT-X-TARGETDURATION is missing, no integer or 0"


@MEDIA.rule("extinf-within-target", "4.4.3.1")
def extinf_within_target(playlist: Playlist) -> Iterable[str]:
    for item in playlist.closed:
        if item.duration.quantize(Decimal(1), ROUND_HALF_UP) > playlist.target_duration:
            yield f"segment {item.msn} lasts {item.duration} s, the target is {playlist.target_duration}"


@MEDIA.rule("extinf", "4.4.4.1")
def extinf(playlist: Playlist) -> Iterable[str]:
    for item in playlist.items:
        tags = [tag for tag in item.tags if tag.name == "EXTINF"]
        if len(tags) != (item.uri is not None):
            yield f"segment {item.msn} has {len(tags)} EXTINF and the URI {item.uri}"
        if any(not re.fullmatch(r"\d+(\.\d+)?,.*", tag.value) for tag in tags):
            yield f"segment {item.msn} has a malformed EXTINF"


@MEDIA.rule("sequence-tags-first", "4.4.3.2, 4.4.3.3")
def sequence_tags_first(playlist: Playlist) -> Iterable[str]:
    body = [item.tags[0].line for item in playlist.items if item.tags]
    for name in ("EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE"):
        for tag in playlist.all(name):
            if not tag.value.isdigit() or (body and tag.line > body[0]):
                yield f"{name}:{tag.value} on line {tag.line} stands after a segment's tags or is no integer"


@MEDIA.rule("playlist-type", "4.4.3.5")
def playlist_type(playlist: Playlist) -> Iterable[str]:
    tag = playlist.first("EXT-X-PLAYLIST-TYPE")
    if tag is not None and tag.value not in ("EVENT", "VOD"):
        yield f"unknown type {tag.value}"
    if tag is not None and tag.value == "VOD" and not playlist.is_ended:
        yield "VOD cannot change, so it has an end"


@MEDIA.rule("hold-back", "4.4.3.8")
def hold_back(playlist: Playlist) -> Iterable[str]:
    value = playlist.number("EXT-X-SERVER-CONTROL", "HOLD-BACK")
    if value is not None and value < 3 * playlist.target_duration:
        yield f"HOLD-BACK {value} is below three target durations"


@MEDIA.rule("skip-boundary", "4.4.3.8")
def skip_boundary(playlist: Playlist) -> Iterable[str]:
    value = playlist.number("EXT-X-SERVER-CONTROL", "CAN-SKIP-UNTIL")
    if value is not None and value < 6 * playlist.target_duration:
        yield f"CAN-SKIP-UNTIL {value} is below six target durations"
    control = playlist.first("EXT-X-SERVER-CONTROL")
    if control is not None and value is None and "CAN-SKIP-DATERANGES" in control.attributes:
        yield "CAN-SKIP-DATERANGES without CAN-SKIP-UNTIL"


@MEDIA.rule("map-for-fmp4", "3.1.2, 4.4.4.5")
def map_for_fmp4(playlist: Playlist) -> Iterable[str]:
    for item in playlist.items:
        uri = item.uri or next((part.uri for part in item.parts), None) or ""
        if re.search(r"\.(m4s|mp4|m4v|m4a|cmf[vat])(\?|$)", uri) and item.map_uri is None and not playlist.skipped:
            yield f"segment {item.msn} is fragmented MP4 and no EXT-X-MAP applies to it"


@MEDIA.rule("map-has-uri", "4.4.4.5")
def map_has_uri(playlist: Playlist) -> Iterable[str]:
    yield from (f"line {tag.line}" for tag in playlist.all("EXT-X-MAP") if not tag.text("URI"))


@MEDIA.rule("map-after-discontinuity", "house", must=False)
def map_after_discontinuity(playlist: Playlist) -> Iterable[str]:
    """MAP stays in force, but players have been seen to forget it at a discontinuity."""
    for item in playlist.items:
        if item.starts_discontinuity and item.map_uri and not item.has_map_tag:
            yield f"segment {item.msn} starts a discontinuity without its MAP"


@MEDIA.rule("one-uri-one-segment", "house")
def one_uri_one_segment(playlist: Playlist) -> Iterable[str]:
    counted = Counter(item.uri for item in playlist.closed)
    yield from (f"{uri} is listed {count} times" for uri, count in counted.items() if count > 1)


@MEDIA.rule("program-date-time-form", "4.4.4.6", must=False)
def program_date_time_form(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-PROGRAM-DATE-TIME"):
        if _TIME.fullmatch(tag.value) is None:
            yield f"{tag.value} has no zone or no milliseconds"


@MEDIA.rule("program-date-time-at-discontinuity", "6.2.1", must=False)
def program_date_time_at_discontinuity(playlist: Playlist) -> Iterable[str]:
    if playlist.has("EXT-X-PROGRAM-DATE-TIME"):
        lacking = [item for item in playlist.items if item.starts_discontinuity and item.time is None]
        yield from (f"segment {item.msn} lacks it" for item in lacking)


@MEDIA.rule("program-date-time-adds-up", "6.2.1")
def program_date_time_adds_up(playlist: Playlist) -> Iterable[str]:
    for before, item in pairwise(playlist.items):
        if before.time is None or item.time is None or item.starts_discontinuity:
            continue
        off = (item.time - after(before.time, before.length)).total_seconds()
        if abs(off) > TIME_TOLERANCE_S:
            yield f"segment {item.msn} starts {off:+.3f} s off the end of the one before"


@MEDIA.rule("program-date-time-advances", "6.2.1")
def program_date_time_advances(playlist: Playlist) -> Iterable[str]:
    """Even across a discontinuity: one date must not map to two segments."""
    for before, item in pairwise(playlist.items):
        if before.time is not None and item.time is not None and item.time <= before.time:
            yield f"segment {item.msn} is dated no later than the one before"


@MEDIA.rule("skip-alone-and-allowed", "4.4.5.2, 6.2.5.1")
def skip_alone_and_allowed(playlist: Playlist) -> Iterable[str]:
    tag = playlist.first("EXT-X-SKIP")
    if tag is None:
        return
    if playlist.skipped < 1:
        yield "SKIPPED-SEGMENTS is missing or 0"
    if playlist.is_ended:
        yield "a playlist with an end is not skipped"
    if playlist.items and playlist.items[0].tags and playlist.items[0].tags[0].line < tag.line:
        yield "EXT-X-SKIP stands after segments"


@MEDIA.rule("skip-within-boundary", "6.2.5.1")
def skip_within_boundary(playlist: Playlist) -> Iterable[str]:
    if not playlist.has("EXT-X-SKIP"):
        return
    boundary = playlist.number("EXT-X-SERVER-CONTROL", "CAN-SKIP-UNTIL")
    left = sum((item.duration for item in playlist.closed), Decimal(0))
    if boundary is None or left < boundary:
        yield f"{left} s are left, the skip boundary is {boundary}"


@MEDIA.rule("start-offset", "4.4.2.2", must=False)
def start_offset(playlist: Playlist) -> Iterable[str]:
    tag = playlist.first("EXT-X-START")
    if tag is None:
        return
    offset = tag.number("TIME-OFFSET")
    if offset is None or abs(offset) > playlist.duration:
        yield f"TIME-OFFSET {offset} is missing or outside the playlist"
    elif not playlist.is_ended and -3 * playlist.target_duration < offset < 0:
        yield f"TIME-OFFSET {offset} is within three target durations of the end"
