"""One instance's media log, put in order: design.md section 4, point 1. Pure.

Messages may lie in the log out of order, or twice, after ingest sent them again. Readers take `n` strictly in order,
hold back what is early, skip doubles, and ignore a connection once a later one was seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from services.common.media.framing import (
    Flag,
    Head,
    Kind,
    Piece,
    decode_closed,
    decode_entries,
    decode_head,
)
from services.common.media.unit import Config, Track, Unit

MAX_EARLY = 256
"""Messages held back behind a hole before the hole is taken for lost: far more than ingest ever has in flight."""

# As numbers: `&` of an IntFlag makes a new one each time.
_CONFIG, _MORE, _KEY = int(Flag.CONFIG), int(Flag.MORE), int(Flag.KEY)


class Place(NamedTuple):
    """Where a unit lies: message `n` of `connection`, entry `unit`. Later units have larger places."""

    connection: int
    n: int
    unit: int


NOWHERE = Place(0, 0, 0)


@dataclass(slots=True)
class Item:
    """A unit or a config in its place. Nobody changes one; not frozen, as `Unit` is not."""

    place: Place
    sequence: int
    """Stream sequence of the message in which it begins."""
    content: Unit | Config
    ends: Place
    """Where its last piece lies."""

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
    """True if the encoder then said that it was going: all that it had to send has come."""


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
        self._awaits_start = False
        """After a hole a message may begin with the rest of a unit."""
        self._awaits_config = False
        """After a hole pictures are not to be decoded before the next key frame; configs come before each."""
        self.lost = 0
        """Messages that never came or could not be read, and units that were never completed."""

    @property
    def next_n(self) -> int:
        """The message whose turn it is, or in which the unit begins whose other pieces are to come."""
        return self._pieces_at[0].n if self._pieces_at is not None else self._next_n

    @property
    def oldest_sequence(self) -> int | None:
        """The earliest message that is held back or whose unit is not whole yet."""
        if not self._early and self._pieces_at is None:
            return None
        held = [sequence for sequence, _, _, _ in self._early.values()]
        if self._pieces_at is not None:
            held.append(self._pieces_at[1])
        return min(held)

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
            first = min(self._early)
            self.lost += first - self._next_n
            self._next_n = first
            self._tear()
        return list(self._due())

    def _begin(self, head: Head) -> None:
        self.connection = head.connection
        self._next_n = head.n if self._is_midway else 1
        self._awaits_start = self._awaits_config = self._is_midway and head.n > 1
        self._is_midway = False
        self._early.clear()
        self._forget_pieces()

    def _tear(self) -> None:
        """Note that something is missing before what comes next."""
        self._forget_pieces()
        self._awaits_start = self._awaits_config = True

    def _forget_pieces(self) -> None:
        self._pieces, self._pieces_at = [], None

    def _due(self) -> Iterator[Batch]:
        while (found := self._early.pop(self._next_n, None)) is not None:
            self._next_n += 1
            sequence, stamp_us, head, message = found
            if head.kind is Kind.CLOSED:
                reason, is_clean = decode_closed(message)
                yield Batch(head.connection, head.n, sequence, stamp_us, 0, (), reason, is_clean)
                continue
            items = self._items(head, sequence, message)
            yield Batch(head.connection, head.n, sequence, stamp_us, head.held_ms * 1000, items)

    def _items(self, head: Head, sequence: int, message: bytes) -> tuple[Item, ...]:
        """What the message completes; of one that cannot be read, what comes before the fault."""
        items: list[Item] = []
        connection, n = head.connection, head.n
        try:
            for number, entry in enumerate(decode_entries(message)):
                place = Place(connection, n, number)
                track, flags, _, dts, cts, payload = entry
                if flags > _KEY or self._pieces or self._awaits_start or self._awaits_config:
                    self._take(place, sequence, Piece(*entry), items)
                else:
                    items.append(Item(place, sequence, Unit(track, dts, cts, flags == _KEY, payload), place))
        except ValueError:  # foreign bytes, or a codec of a later version
            self.lost += 1
            self._tear()
        return tuple(items)

    def _take(self, place: Place, sequence: int, piece: Piece, items: list[Item]) -> None:
        """Take an entry that is no whole unit, or that something is missing before."""
        track, flags, _, dts, cts, payload = piece
        if flags & _CONFIG:
            self._drop_torn(None)
            self._awaits_start = False
            self._awaits_config = self._awaits_config and track is not Track.VIDEO
            items.append(Item(place, sequence, piece.config, place))
        elif self._awaits_start:
            self._awaits_start = bool(flags & _MORE)
        elif self._awaits_config and track is Track.VIDEO:
            return
        elif flags & _MORE or self._pieces:
            self._join(place, sequence, piece, items)
        else:
            items.append(Item(place, sequence, Unit(track, dts, cts, bool(flags & _KEY), payload), place))

    def _join(self, place: Place, sequence: int, piece: Piece, items: list[Item]) -> None:
        """A unit in pieces lies where its first piece lies."""
        self._drop_torn(piece)
        if self._pieces_at is None:
            self._pieces_at = (place, sequence)
        self._pieces.append(piece)
        if piece.flags & _MORE:
            return
        first, begun = self._pieces_at
        payload = b"".join(p.payload for p in self._pieces)
        unit = Unit(piece.track, piece.dts, piece.cts, bool(piece.flags & _KEY), payload)
        items.append(Item(first, begun, unit, place))
        self._forget_pieces()

    def _drop_torn(self, piece: Piece | None) -> None:
        """Drop a unit whose other pieces were never written: ingest had to let go of them, the log being away."""
        if self._pieces and (piece is None or (piece.track, piece.dts) != (self._pieces[0].track, self._pieces[0].dts)):
            self.lost += 1
            self._forget_pieces()
