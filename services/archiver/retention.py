"""What may go from the logs, and when. Pure.

A tick goes only if its segment is stored, it has left the live window, and it is not the last of its subject: a writer
that comes back finds there that another has gone on. Media goes when what was made of it is in the CMAF log, stored or
not: design.md section 4, point 6.
"""

from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import Segment

PURGE_EACH = 10
"""Segments between two purges of a broadcast."""

_KNOWN = 10_000
"""Broadcasts whose bounds are remembered; of more the one unheard of for longest goes unpurged for a round."""

FULL_AT, FULL_UNTIL = 0.80, 0.75
"""A stream that is fuller than the first is told of, and again only after it has been emptier than the second."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Stream sequences before these are done with."""

    cmaf: int
    """Has left the window."""
    media: int
    """Is used up: what was made of it, and of all that a failover may still need, is in the CMAF log or after this."""


def bounds_of(segment: Segment) -> Bounds:
    """What a segment message says was done with when the segment was closed."""
    return Bounds(segment.purge_cmaf_before, segment.purge_media_before)


def is_due(msn: int) -> bool:
    """Whether the log is to be looked at after this segment."""
    return msn % PURGE_EACH == PURGE_EACH - 1


class Rounds:
    """Gives each broadcast's bounds one round late, a round being `PURGE_EACH` segments.

    So whoever has just read where the window, or his media, begins still finds it there.
    """

    def __init__(self) -> None:
        self._noted: dict[str, Bounds] = {}

    def note(self, segment: Segment) -> Bounds | None:
        """Take note of a segment; what was noted a round ago, if this one ends a round."""
        if not is_due(segment.msn):
            return None
        noted = self._noted.pop(segment.broadcast_id, None)
        if len(self._noted) >= _KNOWN:
            del self._noted[next(iter(self._noted))]
        self._noted[segment.broadcast_id] = bounds_of(segment)
        return noted

    def forget(self, broadcast: str) -> None:
        """Let go of a broadcast that has ended."""
        self._noted.pop(broadcast, None)


def cmaf_bound(left_window: int, oldest_waiting: Segment | None, last_sequence: int) -> int:
    """Ticks before this sequence may go; 0: none.

    `oldest_waiting` is the first closed segment that is not stored yet; `last_sequence` that of the newest tick known.
    """
    bound = min(left_window, last_sequence)
    if oldest_waiting is not None and oldest_waiting.sequences:
        bound = min(bound, oldest_waiting.sequences[0])
    return max(bound, 0)


def media_bound(consumed: int, last_sequence: int | None) -> int:
    """Media messages of one subject before this sequence may go; 0: none. `last_sequence`: of the subject's last."""
    return 0 if last_sequence is None else max(0, min(consumed, last_sequence))


def grace_left_s(since_us: int, now_us: int, grace_s: float) -> float:
    """How much longer the log keeps an ended broadcast; never more than the grace, whatever the clocks say."""
    return min(max(0.0, grace_s - (now_us - since_us) / 1e6), grace_s)


class Filling:
    """Notices that a stream has become full, once for each time it does."""

    def __init__(self) -> None:
        self._is_full = False

    def note(self, used: int, limit: int) -> float | None:
        """Take a reading in bytes; how full it is in percent if that is news. `limit` 0: there is none."""
        share = used / limit if limit else 0.0
        if self._is_full:
            self._is_full = share >= FULL_UNTIL
            return None
        self._is_full = share >= FULL_AT
        return share * 100 if self._is_full else None
