"""One instance's media log, put in order: design.md section 4, point 1. Pure.

Messages may lie in the log out of order, or twice, after ingest sent them again. Readers take `n` strictly in order,
hold back what is early, skip doubles, and ignore a connection once a later one was seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.common.media.framing import (
    Flag,
    Head,
    Kind,
    Piece,
    decode_closed,
    decode_head,
    decode_pieces,
)
from services.common.media.unit import Config, Track, Unit

MAX_EARLY = 256
"""Messages held back behind a hole before the hole is taken for lost: far more than ingest ever has in flight."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a unit lies: message `n` of `connection`, entry `index`. Later units have larger places."""

    connection: int
    n: int
    index: int


@dataclass(frozen=True, slots=True)
class Item:
    """A unit or a config in its place."""

    place: Place
    sequence: int
    """Stream sequence of the message in which it begins."""
    content: Unit | Config

    @property
    def track(self) -> Track:
        return self.content.track


@dataclass(frozen=True, slots=True)
class Batch:
    """One message, in its turn."""

    connection: int
    n: int
    sequence: int
    stamp_us: int
    """When JetStream stored it."""
    held_us: int
    """How long ingest had held its oldest unit by then."""
    items: tuple[Item, ...]
    closed: str | None = None
    """Set in a connection's last message: why it ended."""
    is_clean: bool = False


class ConnectionOrder:
    """The order of one instance's messages.

    `expected` is the connection and `n` to begin with; None begins with message 1 of the first connection seen, or,
    if `is_midway`, with whatever comes first.
    """

    def __init__(self, *, expected: tuple[int, int] | None = None, is_midway: bool = False) -> None:
        self.connection, self._next_n = expected or (0, 1)
        self._is_midway = is_midway and expected is None
        self._early: dict[int, tuple[int, int, Head, bytes]] = {}
        self._pieces: list[Piece] = []
        self._pieces_at: tuple[Place, int] | None = None
        self.holes = 0

    @property
    def next_n(self) -> int:
        """The message whose turn it is, or in which the unit begins whose other pieces are to come."""
        return self._pieces_at[0].n if self._pieces_at is not None else self._next_n

    @property
    def oldest_sequence(self) -> int | None:
        """The earliest message that is held back or whose unit is not whole yet."""
        held = [sequence for sequence, _, _, _ in self._early.values()]
        if self._pieces_at is not None:
            held.append(self._pieces_at[1])
        return min(held, default=None)

    def feed(self, sequence: int, stamp_us: int, message: bytes) -> list[Batch]:
        """Take one message; all those whose turn has come. FramingError for foreign bytes."""
        head = decode_head(message)
        if head.connection < self.connection:
            return []
        if head.connection > self.connection:
            self._begin(head)
        if head.n < self._next_n or head.n in self._early:
            return []
        self._early[head.n] = (sequence, stamp_us, head, message)
        if len(self._early) > MAX_EARLY:
            self.holes += 1
            self._pieces, self._pieces_at = [], None
            self._next_n = min(self._early)
        return list(self._due())

    def _begin(self, head: Head) -> None:
        self.connection = head.connection
        self._next_n = head.n if self._is_midway else 1
        self._is_midway = False
        self._early.clear()
        self._pieces, self._pieces_at = [], None

    def _due(self) -> Iterator[Batch]:
        while (found := self._early.pop(self._next_n, None)) is not None:
            self._next_n += 1
            sequence, stamp_us, head, message = found
            if head.kind is Kind.CLOSED:
                reason, is_clean = decode_closed(message)
                yield Batch(head.connection, head.n, sequence, stamp_us, 0, (), reason, is_clean)
                continue
            items = tuple(self._items(head, sequence, message))
            yield Batch(head.connection, head.n, sequence, stamp_us, head.held_ms * 1000, items)

    def _items(self, head: Head, sequence: int, message: bytes) -> Iterator[Item]:
        for index, piece in enumerate(decode_pieces(message)):
            place = Place(head.connection, head.n, index)
            if piece.flags & Flag.CONFIG:
                yield Item(place, sequence, piece.config)
            elif piece.flags & Flag.MORE or self._pieces:
                yield from self._join(place, sequence, piece)
            else:
                yield Item(place, sequence, _unit(piece, piece.payload))

    def _join(self, place: Place, sequence: int, piece: Piece) -> Iterator[Item]:
        """A unit in pieces lies where its first piece lies."""
        if not self._pieces:
            self._pieces_at = (place, sequence)
        self._pieces.append(piece)
        if piece.flags & Flag.MORE or self._pieces_at is None:
            return
        first, begun = self._pieces_at
        yield Item(first, begun, _unit(piece, b"".join(p.payload for p in self._pieces)))
        self._pieces, self._pieces_at = [], None


def _unit(piece: Piece, payload: bytes) -> Unit:
    return Unit(piece.track, piece.dts, piece.cts, bool(piece.flags & Flag.KEY), payload)
