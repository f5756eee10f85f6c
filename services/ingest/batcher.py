"""Which units share a message of the media log. Pure.

Messages cost the bus more than bytes do, so units wait for company; but the unit that ends a part is what viewers wait
for, so it goes as soon as the sound that is heard with it has come. A key frame begins a message, with the configs
before it: a reader may begin at any of them, and what is dropped when the log is away is whole GOPs.
"""

from dataclasses import dataclass

from services.common.media.framing import ENTRY_BYTES, encode_config, encode_entry_head, encode_unit
from services.common.media.unit import AUDIO, CLOCK_RATE, VIDEO, Config, Track, Unit
from services.ingest.cadence import Cadence

SOUND_WAIT_S = 0.1
"""How long what ends a part waits for the sound that is heard with it: without it the packager holds the part back."""

AUDIO_GOP_TICKS = 2 * CLOCK_RATE
"""Where there is only sound, a frame each two seconds counts as a key frame."""


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How large (bytes) and how late (seconds) a message may get. Configs come on top of the size."""

    size_bytes: int = 250_000
    delay_s: float = 0.4
    part_s: float = 1 / 3


@dataclass(frozen=True, slots=True)
class Body:
    """A message without its head."""

    entries: bytes
    count: int
    begins_gop: bool
    continues: bool
    """True if it begins with a further piece of a unit: it may not be missing where the one before it is not."""
    accepted_at: float
    """When ingest had its oldest unit, on the caller's clock."""
    units: int
    """Units that end in it."""


class Batcher:
    """Collects one connection's units. `now` is the caller's monotonic clock, in seconds."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._cadence = Cadence(limits.part_s)
        self._configs: dict[Track, Config] = {}
        self._unannounced: set[Track] = set()
        self._gop_start: int | None = None
        self._is_in_unit = False
        self._shown_after = 0
        """How much later than it is decoded a key frame is shown, in ticks."""
        self._clear()

    def _clear(self) -> None:
        self._pieces: list[bytes] = []
        self._count = 0
        self._size = 0
        self._units = 0
        self._begins_gop = False
        self._continues = self._is_in_unit
        self._since: float | None = None
        self._sound_until: int | None = None
        self._ended_at = 0.0

    @property
    def due_at(self) -> float | None:
        """When `flush` is to be called, if nothing else comes."""
        if self._since is None:
            return None
        due = self._since + self._limits.delay_s
        return due if self._sound_until is None else min(due, self._ended_at + SOUND_WAIT_S)

    def add_config(self, config: Config) -> None:
        """Note a track's config; it is written before the next unit."""
        self._configs[config.track] = config
        self._unannounced.add(config.track)

    def add(self, unit: Unit, now: float) -> list[Body]:
        """Take a unit; the messages that are complete now."""
        ends_part = self._cadence.ends_part(unit)
        ready: list[Body] = []
        if self._begins(unit):
            ready += self.flush()
            self._begins_gop = True
            self._gop_start = unit.dts
            self._unannounced.update(self._configs)
        elif self._units and self._size + ENTRY_BYTES + len(unit.payload) > self._limits.size_bytes:
            ready += self.flush()
        if self._unannounced:
            self._announce()
        if self._size + ENTRY_BYTES + len(unit.payload) <= self._limits.size_bytes:
            self._append(unit, now)
        else:
            self._cut(unit, now, ready)
        if self._size >= self._limits.size_bytes or self._is_whole(unit, now, ends_part=ends_part):
            ready += self.flush()
        return ready

    def _is_whole(self, unit: Unit, now: float, *, ends_part: bool) -> bool:
        """True if the message has all of a part that the packager needs to put it out."""
        if unit.track is AUDIO:
            return ends_part or (self._sound_until is not None and unit.dts >= self._sound_until)
        if unit.is_key:
            self._shown_after = unit.cts
        if ends_part and AUDIO in self._configs:
            self._sound_until, self._ended_at = unit.dts + self._shown_after, now
            return False
        return ends_part

    def _begins(self, unit: Unit) -> bool:
        """True for a key frame; where no picture has come, for a frame each two seconds."""
        if unit.track is VIDEO:
            return unit.is_key
        if self._cadence.lead is VIDEO:
            return False
        return self._gop_start is None or unit.dts - self._gop_start >= AUDIO_GOP_TICKS

    def _announce(self) -> None:
        for track in sorted(self._unannounced):
            self._put(encode_config(self._configs[track]))
        self._unannounced.clear()

    def _append(self, unit: Unit, now: float) -> None:
        if self._since is None:
            self._since = now
        self._pieces += (encode_entry_head(unit), unit.payload)
        self._count += 1
        self._size += ENTRY_BYTES + len(unit.payload)
        self._units += 1

    def _cut(self, unit: Unit, now: float, ready: list[Body]) -> None:
        """Take a unit that no message has room for as a whole."""
        room = self._limits.size_bytes - self._size
        pieces = encode_unit(unit, room=max(room, 1), piece_bytes=self._limits.size_bytes)
        if self._since is None:
            self._since = now
        self._put(pieces[0])
        for piece in pieces[1:]:
            self._is_in_unit = True
            ready += self.flush()
            self._since = now
            self._put(piece)
        self._is_in_unit = False
        self._units += 1

    def _put(self, entry: bytes) -> None:
        self._pieces.append(entry)
        self._count += 1
        self._size += len(entry)

    def flush(self) -> list[Body]:
        """The message collected so far, if there is one with a unit in it."""
        if self._since is None:
            return []
        entries = b"".join(self._pieces)
        body = Body(entries, self._count, self._begins_gop, self._continues, self._since, self._units)
        self._clear()
        return [body]
