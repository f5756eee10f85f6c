"""Messages that wait for the media log, bounded in bytes and in time. Pure.

What is too much goes by whole GOPs, the oldest first. Of a GOP that is partly on its way nothing is taken away while
another can go, and of a unit that is partly on its way nothing ever: its reader would join the rest to the next unit.
"""

from collections import deque

from services.ingest.batcher import Body

NOTHING = (0, 0)


class Backlog:
    """First in, first out. `now` is the clock of `Body.accepted_at`."""

    def __init__(self, *, limit_bytes: int, limit_s: float) -> None:
        self.bytes = 0
        self._limit_bytes = limit_bytes
        self._limit_s = limit_s
        self._bodies: deque[Body] = deque()
        self._is_skipping = False

    def __len__(self) -> int:
        return len(self._bodies)

    def pop(self) -> Body:
        """The oldest; IndexError if nothing waits."""
        body = self._bodies.popleft()
        self.bytes -= len(body.entries)
        return body

    def put(self, body: Body) -> tuple[int, int]:
        """Add a message; units and bytes refused: what follows a dropped beginning of a GOP is of no use."""
        if self._is_skipping and not body.begins_gop:
            return body.units, len(body.entries)
        self._is_skipping = False
        self._bodies.append(body)
        self.bytes += len(body.entries)
        return NOTHING

    def trim(self, now: float) -> tuple[int, int]:
        """Drop whole GOPs until the bounds hold, as far as they can; units and bytes dropped."""
        units = size = 0
        while self._bodies and (gone := self._drop_one(now)) != NOTHING:
            units, size = units + gone[0], size + gone[1]
        return units, size

    def _drop_one(self, now: float) -> tuple[int, int]:
        is_late = now - self._bodies[0].accepted_at > self._limit_s
        if not is_late and self.bytes <= self._limit_bytes:
            return NOTHING
        bodies = list(self._bodies)
        start = _droppable(bodies)
        if start is None or (self.bytes <= self._limit_bytes and now - bodies[start].accepted_at <= self._limit_s):
            return NOTHING
        end = next((at for at in range(start + 1, len(bodies)) if bodies[at].begins_gop), len(bodies))
        self._is_skipping |= end == len(bodies)
        gone = bodies[start:end]
        size = sum(len(body.entries) for body in gone)
        self._bodies = deque(bodies[:start] + bodies[end:])
        self.bytes -= size
        return sum(body.units for body in gone), size

    def clear(self) -> tuple[int, int]:
        """Drop everything; units and bytes dropped."""
        gone = sum(body.units for body in self._bodies), self.bytes
        self._bodies.clear()
        self.bytes = 0
        return gone


def _droppable(bodies: list[Body]) -> int | None:
    """Where the oldest GOP begins that waits as a whole; else where what waits does not go on a unit."""
    for at, body in enumerate(bodies):
        if body.begins_gop:
            return at
    return next((at for at, body in enumerate(bodies) if not body.continues), None)
