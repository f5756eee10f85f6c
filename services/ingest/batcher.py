"""Which units share a message of the media log. Pure.

Messages cost the bus more than bytes do, so units wait for company; but the unit that ends a part is what viewers wait
for, so it goes at once. A key frame begins a message, with the configs before it: a reader may begin at any of them,
and what is dropped when the log is away is whole GOPs.
"""

from dataclasses import dataclass

from services.common.media.framing import ENTRY_BYTES, encode_config, encode_unit
from services.common.media.unit import CLOCK_RATE, Config, Track, Unit


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """How large and how late a message may get."""

    size_bytes: int = 60_000
    delay_s: float = 0.15
    part_s: float = 1 / 3


@dataclass(frozen=True, slots=True)
class Body:
    """A message without its head."""

    entries: bytes
    count: int
    begins_gop: bool
    accepted_at: float
    """When ingest had its oldest unit, on the caller's clock."""
    units: int


class Batcher:
    """Collects one connection's units. `now` is the caller's monotonic clock, in seconds."""

    def __init__(self, limits: BatchLimits) -> None:
        self._limits = limits
        self._configs: dict[Track, Config] = {}
        self._is_announced: set[Track] = set()
        self._entries: list[bytes] = []
        self._size = 0
        self._units = 0
        self._begins_gop = False
        self._since: float | None = None
        self._key_dts: int | None = None
        self._part = 0

    @property
    def due_at(self) -> float | None:
        """When `flush` is to be called, if nothing else comes."""
        return None if self._since is None else self._since + self._limits.delay_s

    def add_config(self, config: Config) -> None:
        """Note a track's config; it is written before its next unit."""
        self._configs[config.track] = config
        self._is_announced.discard(config.track)

    def add(self, unit: Unit, now: float) -> list[Body]:
        """Take a unit; the messages that are complete now."""
        ready: list[Body] = []
        begins = self._begins(unit)
        if begins:
            ready += self.flush()
            self._begins_gop = True
            self._is_announced.clear()
            self._key_dts, self._part = unit.dts, 0
        self._announce(begins)
        self._append(unit, now, ready)
        if self._ends_part(unit) or self._size >= self._limits.size_bytes:
            ready += self.flush()
        return ready

    def _begins(self, unit: Unit) -> bool:
        """True for a key frame; where there is only sound, for a frame each two seconds."""
        if unit.track is Track.VIDEO:
            return unit.is_key
        has_video = Track.VIDEO in self._configs
        return not has_video and (self._key_dts is None or unit.dts - self._key_dts >= 2 * CLOCK_RATE)

    def _announce(self, begins: bool) -> None:
        for track, config in self._configs.items():
            if begins or track not in self._is_announced:
                self._put(encode_config(config))
                self._is_announced.add(track)

    def _append(self, unit: Unit, now: float, ready: list[Body]) -> None:
        room = self._limits.size_bytes - self._size
        if self._entries and self._units and ENTRY_BYTES + len(unit.payload) > room:
            ready += self.flush()
            room = self._limits.size_bytes
        pieces = encode_unit(unit, room=max(room, 1), piece_bytes=self._limits.size_bytes)
        for number, piece in enumerate(pieces):
            if number:
                ready += self.flush()
            self._since = now if self._since is None else self._since
            self._put(piece)
        self._units += 1

    def _put(self, entry: bytes) -> None:
        self._entries.append(entry)
        self._size += len(entry)

    def _ends_part(self, unit: Unit) -> bool:
        """True if the packager is likely to cut a part before this unit: it waits for nothing else."""
        if self._key_dts is None or (unit.track is Track.AUDIO and Track.VIDEO in self._configs):
            return False
        part = int((unit.dts - self._key_dts + CLOCK_RATE // 500) / (self._limits.part_s * CLOCK_RATE))
        is_new, self._part = part != self._part, part
        return is_new or (unit.is_key and unit.track is Track.VIDEO)

    def flush(self) -> list[Body]:
        """The message collected so far, if there is one with a unit in it."""
        if self._since is None:
            return []
        body = Body(b"".join(self._entries), len(self._entries), self._begins_gop, self._since, self._units)
        self._entries, self._size, self._units = [], 0, 0
        self._begins_gop, self._since = False, None
        return [body]
