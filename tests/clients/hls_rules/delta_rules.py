"""Rules of a delta update (RFC 8216bis 6.2.5.1): with the older playlist it says all that the newer one says."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.clients.hls_rules.reader import Item, Playlist
from tests.clients.hls_rules.rule import RuleBook

DELTA: RuleBook["Update"] = RuleBook()


@dataclass(frozen=True)
class Update:
    older: Playlist
    update: Playlist
    newer: Playlist

    def skipped_msns(self) -> range:
        first = self.update.media_sequence
        return range(first, first + self.update.skipped)

    def offset(self) -> int:
        """Discontinuities among the skipped: the update's own count starts at the first listed segment."""
        known = {item.msn: item for item in self.older.items}
        last = known.get(self.skipped_msns()[-1]) if self.update.skipped else None
        return last.discontinuity - self.update.discontinuity_sequence if last else 0


def _facts(item: Item, offset: int = 0) -> tuple[object, ...]:
    parts = tuple((p.uri, p.duration, p.is_independent, p.is_gap) for p in item.parts)
    return item.uri, item.duration, item.discontinuity + offset, item.time, item.is_gap, parts


@DELTA.rule("delta-skips-known", "6.3.7")
def delta_skips_known(subject: Update) -> Iterable[str]:
    known = {item.msn for item in subject.older.closed}
    yield from (f"segment {msn} is skipped and not known" for msn in subject.skipped_msns() if msn not in known)


@DELTA.rule("delta-header-same", "4.4.5.2")
def delta_header_same(subject: Update) -> Iterable[str]:
    for name in ("media_sequence", "discontinuity_sequence", "target_duration", "part_target"):
        was, became = getattr(subject.newer, name), getattr(subject.update, name)
        if was != became:
            yield f"{name} is {became}, in the full playlist {was}"


@DELTA.rule("delta-segments-same", "6.2.5.1")
def delta_segments_same(subject: Update) -> Iterable[str]:
    full = {item.msn: item for item in subject.newer.items}
    listed = {item.msn for item in subject.update.items}
    for item in subject.update.items:
        if item.msn not in full or _facts(item, subject.offset()) != _facts(full[item.msn]):
            yield f"segment {item.msn} differs from the full playlist"
    missing = set(full) - listed - set(subject.skipped_msns())
    yield from (f"segment {msn} is neither listed nor skipped" for msn in sorted(missing))


@DELTA.rule("delta-map-same", "4.4.4.5")
def delta_map_same(subject: Update) -> Iterable[str]:
    full = {item.msn: item for item in subject.newer.items}
    before = {item.msn: item for item in subject.older.items}
    carried = before.get(subject.skipped_msns()[-1]) if subject.update.skipped else None
    for item in subject.update.items:
        applies = item.map_uri or (carried.map_uri if carried else None)
        if item.msn in full and applies != full[item.msn].map_uri:
            yield f"segment {item.msn} has the MAP {applies}, in the full playlist {full[item.msn].map_uri}"


@DELTA.rule("delta-metadata-same", "6.2.5.1")
def delta_metadata_same(subject: Update) -> Iterable[str]:
    for name in ("EXT-X-PRELOAD-HINT", "EXT-X-RENDITION-REPORT", "EXT-X-SERVER-CONTROL"):
        full, update = ([tag.value for tag in p.all(name)] for p in (subject.newer, subject.update))
        if full != update:
            yield f"{name}: {update}, in the full playlist {full}"
