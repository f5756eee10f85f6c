"""Rules across the versions of one media playlist, as one client saw them (RFC 8216bis 6.2.1, 6.2.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from tests.clients.hls_rules.reader import Item, Playlist
from tests.clients.hls_rules.rule import RuleBook

TIME_CHANGE_TOLERANCE_S = 0.0
"""A date once published stays as it is."""


@dataclass(frozen=True)
class Version:
    """One full playlist (no delta update), and when it came: seconds on any steady clock."""

    at: float
    playlist: Playlist


@dataclass(frozen=True)
class History:
    versions: Sequence[Version]
    grace_s: float | None = None
    """How much later than it must a segment or part may come; None: the clock is not judged."""

    def steps(self) -> Iterator[tuple[Playlist, Playlist]]:
        for before, now in pairwise(self.versions):
            yield before.playlist, now.playlist


HISTORY: RuleBook[History] = RuleBook()


def _common(before: Playlist, now: Playlist) -> Iterator[tuple[Item, Item]]:
    known = {item.msn: item for item in before.items}
    return ((known[item.msn], item) for item in now.items if item.msn in known)


def _part_facts(item: Item) -> list[tuple[str | None, Decimal, bool, bool]]:
    return [(part.uri, part.duration, part.is_independent, part.is_gap) for part in item.parts]


def _edge(playlist: Playlist) -> tuple[int, int]:
    """Media sequence number and number of parts of the segment that is open; of the next one if none is."""
    if playlist.open is not None:
        return playlist.open.msn, len(playlist.open.parts)
    return (playlist.items[-1].msn + 1 if playlist.items else playlist.media_sequence), 0


@HISTORY.rule("target-durations-constant", "6.2.1")
def target_durations_constant(history: History) -> Iterable[str]:
    for before, now in history.steps():
        if before.target_duration != now.target_duration:
            yield f"TARGETDURATION {before.target_duration} became {now.target_duration}"
        if before.part_target != now.part_target:
            yield f"PART-TARGET {before.part_target} became {now.part_target}"


@HISTORY.rule("header-constant", "6.2.1")
def header_constant(history: History) -> Iterable[str]:
    for before, now in history.steps():
        for name in ("EXT-X-VERSION", "EXT-X-SERVER-CONTROL", "EXT-X-PLAYLIST-TYPE"):
            was, became = ((tag.value if tag else None) for tag in (before.first(name), now.first(name)))
            if was != became:
                yield f"{name} {was} became {became}"


@HISTORY.rule("media-sequence-grows", "6.2.2")
def media_sequence_grows(history: History) -> Iterable[str]:
    for before, now in history.steps():
        if now.media_sequence < before.media_sequence:
            yield f"{before.media_sequence} became {now.media_sequence}"


@HISTORY.rule("discontinuity-sequence-grows", "6.2.2")
def discontinuity_sequence_grows(history: History) -> Iterable[str]:
    for before, now in history.steps():
        if now.discontinuity_sequence < before.discontinuity_sequence:
            yield f"{before.discontinuity_sequence} became {now.discontinuity_sequence}"


@HISTORY.rule("edge-never-back", "6.2.1")
def edge_never_back(history: History) -> Iterable[str]:
    for before, now in history.steps():
        if _edge(now) < _edge(before):
            yield f"the edge went from {_edge(before)} to {_edge(now)}"


@HISTORY.rule("no-segment-missed", "6.2.2")
def no_segment_missed(history: History) -> Iterable[str]:
    """Versions seen one after the other overlap, or else segments came and went unseen."""
    for before, now in history.steps():
        if before.items and now.media_sequence > before.items[-1].msn + 1:
            yield f"{before.items[-1].msn + 1} to {now.media_sequence - 1} were never listed"


@HISTORY.rule("uri-immutable", "6.2.1")
def uri_immutable(history: History) -> Iterable[str]:
    for before, now in history.steps():
        for was, item in _common(before, now):
            if was.uri is not None and item.uri != was.uri:
                yield f"segment {item.msn}: {was.uri} became {item.uri}"


@HISTORY.rule("duration-immutable", "6.2.1")
def duration_immutable(history: History) -> Iterable[str]:
    for before, now in history.steps():
        for was, item in _common(before, now):
            if was.uri is not None and (was.duration, was.is_gap) != (item.duration, item.is_gap):
                yield f"segment {item.msn}: {was.duration}, gap {was.is_gap} became {item.duration}, {item.is_gap}"


@HISTORY.rule("discontinuity-immutable", "6.2.2")
def discontinuity_immutable(history: History) -> Iterable[str]:
    for before, now in history.steps():
        for was, item in _common(before, now):
            if was.discontinuity != item.discontinuity:
                yield f"segment {item.msn}: {was.discontinuity} became {item.discontinuity}"


@HISTORY.rule("map-immutable", "6.2.1")
def map_immutable(history: History) -> Iterable[str]:
    for before, now in history.steps():
        for was, item in _common(before, now):
            if was.map_uri != item.map_uri:
                yield f"segment {item.msn}: {was.map_uri} became {item.map_uri}"


@HISTORY.rule("date-immutable", "6.2.1")
def date_immutable(history: History) -> Iterable[str]:
    for before, now in history.steps():
        for was, item in _common(before, now):
            if was.time is None or item.time is None:
                changed = was.time is not item.time
            else:
                changed = abs((item.time - was.time).total_seconds()) > TIME_CHANGE_TOLERANCE_S
            if changed:
                yield f"segment {item.msn}: {was.time} became {item.time}"


@HISTORY.rule("parts-immutable", "6.2.1")
def parts_immutable(history: History) -> Iterable[str]:
    """Parts are added while a segment is open; closed, it keeps them all or loses them all."""
    for before, now in history.steps():
        for was, item in _common(before, now):
            old, new = _part_facts(was), _part_facts(item)
            is_gone = item.uri is not None and not new
            grown = new[: len(old)] == old and (was.uri is None or len(new) == len(old))
            if not grown and not is_gone:
                yield f"segment {item.msn}: parts changed"


@HISTORY.rule("no-early-removal", "6.2.2")
def no_early_removal(history: History) -> Iterable[str]:
    for before, now in history.steps():
        removed = now.media_sequence > before.media_sequence
        if removed and not now.is_ended and now.duration < 3 * now.target_duration:
            yield f"{now.duration} s are left, less than three times {now.target_duration}"


@HISTORY.rule("nothing-after-end", "4.4.3.4")
def nothing_after_end(history: History) -> Iterable[str]:
    for before, now in history.steps():
        if before.is_ended and before.text != now.text:
            yield "the playlist changed after EXT-X-ENDLIST"


@HISTORY.rule("typed-keeps-all", "4.4.3.5, 6.2.2")
def typed_keeps_all(history: History) -> Iterable[str]:
    for before, now in history.steps():
        if now.has("EXT-X-PLAYLIST-TYPE") and now.media_sequence != before.media_sequence:
            yield "a playlist with a type lost segments"


@HISTORY.rule("hint-kept", "4.4.5.3", must=False)
def hint_kept(history: History) -> Iterable[str]:
    """The next part that comes is the one that was hinted: clients hold a request for it."""
    for before, now in history.steps():
        hinted = next((t.text("URI") for t in before.all("EXT-X-PRELOAD-HINT") if t.text("TYPE") == "PART"), None)
        old = {part.uri for item in before.items for part in item.parts}
        came = [part.uri for item in now.items for part in item.parts if part.uri not in old]
        is_next = not now.items or now.items[0].msn <= _edge(before)[0]
        if hinted and came and is_next and came[0] != hinted:
            yield f"{hinted} was hinted, {came[0]} came"


def _late(history: History, edge_of: int, limit_s: float) -> Iterable[str]:
    """Edges that stood still for longer than the limit; `edge_of` 1: segments count, 2: parts too."""
    if history.grace_s is None or not history.versions:
        return
    since, edge = history.versions[0].at, _edge(history.versions[0].playlist)[:edge_of]
    for version in history.versions[1:]:
        now = _edge(version.playlist)[:edge_of]
        if now == edge and not version.playlist.is_ended:
            continue
        if version.at - since > limit_s + history.grace_s:
            yield f"{version.at - since:.2f} s between {edge} and {now}, {limit_s:.2f} s are allowed"
        since, edge = version.at, now


@HISTORY.rule("segment-in-time", "6.2.1")
def segment_in_time(history: History) -> Iterable[str]:
    target = history.versions[0].playlist.target_duration if history.versions else Decimal(0)
    return _late(history, 1, 1.5 * float(target))


@HISTORY.rule("part-in-time", "6.2.1")
def part_in_time(history: History) -> Iterable[str]:
    target = history.versions[0].playlist.part_target if history.versions else None
    return _late(history, 2, float(target)) if target is not None else ()
