"""Rules of one version of a media playlist about parts, hints and reports (RFC 8216bis 3.2, 4.4.4.9, 6.2, B.1)."""

from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from urllib.parse import urlsplit

from tests.clients.hls_rules.reader import Item, Playlist
from tests.clients.hls_rules.rule import RuleBook

LOW_LATENCY: RuleBook[Playlist] = RuleBook()

SUM_TOLERANCE_S = Decimal("0.001")
"""Between EXTINF and the sum of its parts: only the printing may differ."""


@LOW_LATENCY.rule("part-inf", "4.4.3.7")
def part_inf(playlist: Playlist) -> Iterable[str]:
    if playlist.has("EXT-X-PART") and not playlist.part_target:
        yield "parts without PART-TARGET"


@LOW_LATENCY.rule("part-hold-back", "4.4.3.8")
def part_hold_back(playlist: Playlist) -> Iterable[str]:
    target, value = playlist.part_target, playlist.number("EXT-X-SERVER-CONTROL", "PART-HOLD-BACK")
    if target is not None and (value is None or value < 2 * target):
        yield f"PART-HOLD-BACK {value} with PART-TARGET {target}"


@LOW_LATENCY.rule("part-hold-back-advised", "4.4.3.8", must=False)
def part_hold_back_advised(playlist: Playlist) -> Iterable[str]:
    target, value = playlist.part_target, playlist.number("EXT-X-SERVER-CONTROL", "PART-HOLD-BACK")
    if target is not None and value is not None and value < 3 * target:
        yield f"PART-HOLD-BACK {value} is below three times {target}"


@LOW_LATENCY.rule("part-attributes", "4.4.4.9")
def part_attributes(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-PART"):
        if not tag.text("URI") or not tag.number("DURATION"):
            yield f"line {tag.line} lacks URI or DURATION"


@LOW_LATENCY.rule("part-not-too-long", "4.4.4.9")
def part_not_too_long(playlist: Playlist) -> Iterable[str]:
    for item in playlist.items:
        for part in item.parts:
            if playlist.part_target and part.duration > playlist.part_target:
                yield f"{part.uri} lasts {part.duration}, the target is {playlist.part_target}"


@LOW_LATENCY.rule("part-not-too-short", "4.4.4.9")
def part_not_too_short(playlist: Playlist) -> Iterable[str]:
    least = Decimal("0.85") * (playlist.part_target or 0)
    for item in playlist.items:
        # The last one listed of an open segment may turn out to be its last.
        for part, following in zip(item.parts, item.parts[1:], strict=False):
            excused = part.is_independent or part.is_gap or following.is_gap
            if part.duration < least and not excused:
                yield f"{part.uri} lasts {part.duration}, less than 85 % of {playlist.part_target}"


@LOW_LATENCY.rule("parts-add-up", "3.2")
def parts_add_up(playlist: Playlist) -> Iterable[str]:
    for item in playlist.closed:
        total = sum((part.duration for part in item.parts), Decimal(0))
        if item.parts and abs(total - item.duration) > SUM_TOLERANCE_S:
            yield f"segment {item.msn} lasts {item.duration}, its parts {total}"


@LOW_LATENCY.rule("tags-before-parts", "4.4.4.9")
def tags_before_parts(playlist: Playlist) -> Iterable[str]:
    early = {"EXT-X-DISCONTINUITY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME"}
    for item in playlist.items:
        first = min((part.tag.line for part in item.parts), default=None)
        late = [tag.name for tag in item.tags if tag.name in early and first and tag.line > first]
        yield from (f"segment {item.msn}: {name} after a part" for name in late)


@LOW_LATENCY.rule("one-uri-one-part", "house")
def one_uri_one_part(playlist: Playlist) -> Iterable[str]:
    counted = Counter(part.uri for item in playlist.items for part in item.parts)
    yield from (f"{uri} is listed {count} times" for uri, count in counted.items() if count > 1)


@LOW_LATENCY.rule("parts-removed-in-order", "6.2.2")
def parts_removed_in_order(playlist: Playlist) -> Iterable[str]:
    listed = [item for item in playlist.items if item.parts]
    lacking = [item for item in playlist.closed if listed and item.msn > listed[0].msn and not item.parts]
    yield from (f"segment {item.msn} lists no parts, an older one does" for item in lacking)


@LOW_LATENCY.rule("parts-listed-long-enough", "6.2.2", must=False)
def parts_listed_long_enough(playlist: Playlist) -> Iterable[str]:
    if playlist.part_target is None or playlist.is_ended:
        return
    for item, distance in playlist.distances():
        if not item.parts and distance < 3 * playlist.target_duration:
            yield f"segment {item.msn} ends {distance} s from the end and lists no parts"


@LOW_LATENCY.rule("parts-removed-in-time", "6.2.2", must=False)
def parts_removed_in_time(playlist: Playlist) -> Iterable[str]:
    """By whole segments: a part's index is its place in the segment."""
    for item, distance in playlist.distances():
        if item.parts and distance > 3 * playlist.target_duration and not playlist.is_ended:
            yield f"segment {item.msn} ends {distance} s from the end and still lists parts"


@LOW_LATENCY.rule("gap-parts", "6.2.1")
def gap_parts(playlist: Playlist) -> Iterable[str]:
    for item in playlist.closed:
        if item.is_gap and any(not part.is_gap for part in item.parts):
            yield f"segment {item.msn} is a gap and has parts that are none"


@LOW_LATENCY.rule("no-open-end-when-ended", "3.2, 4.4.3.4")
def no_open_end_when_ended(playlist: Playlist) -> Iterable[str]:
    if playlist.is_ended and playlist.open is not None:
        yield "the last segment has parts and no end of its own"


@LOW_LATENCY.rule("hint-form", "4.4.5.3")
def hint_form(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-PRELOAD-HINT"):
        if tag.text("TYPE") not in ("PART", "MAP") or not tag.text("URI"):
            yield f"line {tag.line}: {tag.value}"


@LOW_LATENCY.rule("no-hint-when-ended", "4.4.5.3")
def no_hint_when_ended(playlist: Playlist) -> Iterable[str]:
    if playlist.is_ended and playlist.has("EXT-X-PRELOAD-HINT"):
        yield "hint beside EXT-X-ENDLIST"


@LOW_LATENCY.rule("one-hint-of-a-type", "6.2.6", must=False)
def one_hint_of_a_type(playlist: Playlist) -> Iterable[str]:
    counted = Counter(tag.text("TYPE") for tag in playlist.all("EXT-X-PRELOAD-HINT"))
    yield from (f"{count} hints of type {kind}" for kind, count in counted.items() if count > 1)


@LOW_LATENCY.rule("hint-is-new", "4.4.5.3")
def hint_is_new(playlist: Playlist) -> Iterable[str]:
    listed = {part.uri for item in playlist.items for part in item.parts}
    hints = {tag.text("URI") for tag in playlist.all("EXT-X-PRELOAD-HINT") if tag.text("TYPE") == "PART"}
    yield from (f"{uri} is hinted and listed" for uri in hints & listed)


@LOW_LATENCY.rule("report-form", "4.4.5.4")
def report_form(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-RENDITION-REPORT"):
        uri = tag.text("URI") or ""
        if not uri or urlsplit(uri).scheme or uri.startswith("/"):
            yield f"line {tag.line}: the URI is missing or not relative"
        if tag.number("LAST-MSN") is None:
            yield f"line {tag.line} lacks LAST-MSN"
        if playlist.part_target and tag.number("LAST-PART") is None:
            yield f"line {tag.line} lacks LAST-PART"


@LOW_LATENCY.rule("one-report-a-rendition", "B.1")
def one_report_a_rendition(playlist: Playlist) -> Iterable[str]:
    counted = Counter(tag.text("URI") for tag in playlist.all("EXT-X-RENDITION-REPORT"))
    yield from (f"{count} reports on {uri}" for uri, count in counted.items() if count > 1)


def _is_live_with_parts(playlist: Playlist) -> bool:
    return playlist.part_target is not None and not playlist.is_ended


@LOW_LATENCY.rule("profile-blocking", "B.1")
def profile_blocking(playlist: Playlist) -> Iterable[str]:
    control = playlist.first("EXT-X-SERVER-CONTROL")
    if _is_live_with_parts(playlist) and (control is None or control.text("CAN-BLOCK-RELOAD") != "YES"):
        yield "parts without CAN-BLOCK-RELOAD"


@LOW_LATENCY.rule("profile-hint", "B.1", must=False)
def profile_hint(playlist: Playlist) -> Iterable[str]:
    kinds = {tag.text("TYPE") for tag in playlist.all("EXT-X-PRELOAD-HINT")}
    if _is_live_with_parts(playlist) and "PART" not in kinds:
        yield "no hint of the next part"


@LOW_LATENCY.rule("profile-program-date-time", "B.1")
def profile_program_date_time(playlist: Playlist) -> Iterable[str]:
    if not _is_live_with_parts(playlist):
        return
    lacking: list[Item] = [item for item in playlist.items if item.time is None]
    yield from (f"segment {item.msn} has no date" for item in lacking)
