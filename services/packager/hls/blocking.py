"""Delivery directives (RFC 8216bis 6.2.5): what a playlist request waits for. Pure; the origin does the waiting.

`_HLS_msn` alone waits for the whole segment, as 6.2.5.2 demands. Others answer it like `_HLS_part=0`; but hls.js
sends it alone only for playlists without parts, where the next segment is all that can come, and an early
answer would bring it nothing and make it ask again at once.
"""

import math
from dataclasses import dataclass

from services.common.media.even_parts import MIN_FILL
from services.packager.hls.attributes import FIRST_MSN
from services.packager.hls.query import RESERVED, QueryError, split_query
from services.packager.hls.render import DeltaRequest

MAX_SEGMENTS_AHEAD = 2
"""A request for a segment later than the last closed one by more than this is refused (6.2.5.2)."""
MAX_DIGITS = 18
"""Of a directive's number: keeps integers small before they are compared."""


@dataclass(frozen=True, slots=True)
class Directives:
    """What a request asks for; segments count from 0. No `msn`: nothing to wait for."""

    msn: int | None = None
    part: int | None = None
    delta: DeltaRequest = DeltaRequest.NONE

    @property
    def has_list(self) -> bool:
        """Who asks so goes on from a version that he has."""
        return self.msn is not None or self.delta is not DeltaRequest.NONE


@dataclass(frozen=True, slots=True)
class Edge:
    """How far a media playlist has come."""

    last_msn: int
    """Last closed segment; the first segment's less 1 while none is closed."""
    last_parts: int
    """Parts of that segment."""
    open_parts: int
    """Parts listed of the segment after it."""
    target_duration: int
    part_target_us: int | None = None
    """None: the playlist lists no parts."""
    is_ended: bool = False


NOTHING = Directives()


def parse_directives(query: str) -> Directives:
    """Reads the raw query of a request. Raises QueryError, whose text is the body of a 400."""
    if RESERVED not in query and "%" not in query:
        return NOTHING
    found: dict[str, str] = {}
    for name, raw in split_query(query):
        if name in ("_HLS_msn", "_HLS_part", "_HLS_skip"):
            if name in found:
                raise QueryError(f"{name} is given twice")
            found[name] = raw.partition("=")[2]
    msn, part = _number(found, "_HLS_msn"), _number(found, "_HLS_part")
    if part is not None and msn is None:
        raise QueryError("_HLS_part needs _HLS_msn")
    # Whoever asks for number 0, which there never is, wants what comes first.
    return Directives(None if msn is None else max(msn - FIRST_MSN, 0), part, _delta(found.get("_HLS_skip")))


def _number(found: dict[str, str], name: str) -> int | None:
    text = found.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > MAX_DIGITS:
        raise QueryError(f"{name} is not a decimal integer of at most {MAX_DIGITS} digits")
    return int(text)


def _delta(text: str | None) -> DeltaRequest:
    if text is None:
        return DeltaRequest.NONE
    if text not in ("YES", "v2"):
        raise QueryError("_HLS_skip is neither YES nor v2")
    return DeltaRequest(text)


def is_satisfied(directives: Directives, edge: Edge) -> bool:
    """True if the playlist at `edge` already holds what is asked for, or never will wait for it (ended)."""
    msn = directives.msn
    if msn is None or edge.is_ended or msn < edge.last_msn:
        return True
    if directives.part is None or edge.part_target_us is None:
        return msn <= edge.last_msn
    if msn == edge.last_msn:
        # Beyond the segment's last part: treated as part 0 of the next one (6.2.5.2).
        return directives.part < edge.last_parts or edge.open_parts > 0
    return msn == edge.last_msn + 1 and directives.part < edge.open_parts


def check_reach(directives: Directives, edge: Edge) -> None:
    """Raises QueryError (400) if what is asked for lies too far ahead to be waited for (6.2.5.2)."""
    if directives.msn is None or edge.is_ended or is_satisfied(directives, edge):
        return
    if directives.msn > edge.last_msn + MAX_SEGMENTS_AHEAD:
        raise QueryError(f"_HLS_msn is more than {MAX_SEGMENTS_AHEAD} ahead of segment {edge.last_msn + FIRST_MSN}")
    if directives.part is None or edge.part_target_us is None or directives.msn == edge.last_msn:
        return
    listed = edge.open_parts if directives.msn == edge.last_msn + 1 else 0
    if directives.part >= listed + _parts_ahead(edge.target_duration, edge.part_target_us):
        raise QueryError(f"_HLS_part is too far ahead of segment {edge.last_msn + FIRST_MSN}")


def _parts_ahead(target_duration: int, part_target_us: int) -> int:
    """The Advance Part Limit of 6.2.5.2, or the parts of one segment if those are more.

    hls.js with low latency off asks for the *last* part of the next segment, and adds up to one target duration
    of parts when it tunes in through a cache: with long segments the limit alone would refuse it.
    """
    part_target = part_target_us / 1_000_000
    limit = 3 / part_target if part_target < 1 else 3.0
    return math.ceil(max(limit, (target_duration + 0.5) / (MIN_FILL * part_target)))


def longest_wait_us(target_duration: int) -> int:
    """How long a request may be held: three target durations (6.2.5.2)."""
    return 3_000_000 * target_duration
