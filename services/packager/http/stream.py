"""A body that is fetched while it is sent."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass

Buffer = bytes | memoryview
Buffers = Sequence[Buffer]


@dataclass(frozen=True, slots=True)
class Stream:
    """A body of `length` bytes, or of a length that only its end tells (None: sent in chunks, no ranges).

    `open(start, stop)` yields the bytes from `start` up to `stop` (0, 0 where the length is None), exactly. It is
    called once for each answer that has a body, pulled no faster than the client reads, and closed when the client
    goes away. If it raises before its first bytes the client gets 503, afterwards a broken connection.
    """

    length: int | None
    open: Callable[[int, int], AsyncGenerator[Buffer, None]]
