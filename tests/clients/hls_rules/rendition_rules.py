"""Rules across the media playlists of one broadcast (RFC 8216bis 6.2.4, B.1), read at about the same time.

Our renditions are cut alike, so segments are matched by their number.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from tests.clients.hls_rules.reader import Item, Playlist
from tests.clients.hls_rules.rule import RuleBook

DATE_TOLERANCE_S = 0.1
"""Between the dates of one segment's renditions: an audio frame and a picture do not start at the same time."""


@dataclass(frozen=True)
class Renditions:
    """Playlists by the URI that the others' reports call them by."""

    playlists: dict[str, Playlist]

    def pairs(self) -> Iterator[tuple[str, Playlist, Playlist]]:
        for (one, first), (other, second) in combinations(self.playlists.items(), 2):
            yield f"{one} and {other}", first, second

    def matching(self) -> Iterator[tuple[str, Item, Item]]:
        for names, first, second in self.pairs():
            known = {item.msn: item for item in first.items}
            for item in second.items:
                if item.msn in known:
                    yield f"segment {item.msn} of {names}", known[item.msn], item


RENDITIONS: RuleBook[Renditions] = RuleBook()


@RENDITIONS.rule("renditions-target-duration", "6.2.4")
def renditions_target_duration(subject: Renditions) -> Iterable[str]:
    for names, first, second in subject.pairs():
        if first.target_duration != second.target_duration:
            yield f"{names}: {first.target_duration} and {second.target_duration}"


@RENDITIONS.rule("renditions-discontinuity", "6.2.4")
def renditions_discontinuity(subject: Renditions) -> Iterable[str]:
    for what, one, other in subject.matching():
        if one.discontinuity != other.discontinuity:
            yield f"{what}: discontinuity {one.discontinuity} and {other.discontinuity}"


@RENDITIONS.rule("renditions-date", "6.2.4, B.1")
def renditions_date(subject: Renditions) -> Iterable[str]:
    for what, one, other in subject.matching():
        if one.time is None or other.time is None:
            continue
        off = (other.time - one.time).total_seconds()
        if abs(off) > DATE_TOLERANCE_S:
            yield f"{what}: dated {off:+.3f} s apart"


@RENDITIONS.rule("renditions-type", "6.2.4")
def renditions_type(subject: Renditions) -> Iterable[str]:
    """An end may be seen in one playlist a moment before the other, so only the type is compared."""
    for names, first, second in subject.pairs():
        one, other = first.first("EXT-X-PLAYLIST-TYPE"), second.first("EXT-X-PLAYLIST-TYPE")
        if (one and one.value) != (other and other.value):
            yield f"{names}: {one and one.value} and {other and other.value}"


@RENDITIONS.rule("renditions-reported", "B.1")
def renditions_reported(subject: Renditions) -> Iterable[str]:
    """A live playlist with parts reports on every other one, and not on itself."""
    for name, playlist in subject.playlists.items():
        if playlist.part_target is None or playlist.is_ended:
            continue
        reported = {tag.text("URI") for tag in playlist.all("EXT-X-RENDITION-REPORT")}
        if reported != set(subject.playlists) - {name}:
            yield f"{name} reports on {sorted(map(str, reported))}"
