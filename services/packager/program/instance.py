"""What one instance has sent and the program has not used: enough to go over to it. Pure."""

from collections import deque
from collections.abc import Iterator

from services.common.media.unit import CLOCK_RATE, Config, Track, Unit
from services.packager.program.ordering import Batch, ConnectionOrder, Item, Place

MAX_LOOKBACK_TICKS = 30 * CLOCK_RATE
"""Of an instance that is not on air, at most this much is kept: the longest GOP that may be gone back over."""

_BUCKET_US = 5_000_000


def _scale_us(ticks: int) -> int:
    return ticks * 1_000_000 // CLOCK_RATE


class ArrivalClock:
    """When an instance's time 0 was, on JetStream's clock: the least delay seen in the last 5 to 10 s.

    A unit cannot arrive before it is made, so the quickest one says most about when it was.
    """

    def __init__(self) -> None:
        self._bucket = 0
        self._now: int | None = None
        self._before: int | None = None

    def observe(self, *, stamp_us: int, held_us: int, dts: int) -> None:
        """Note that a unit with decode time `dts` was there at `stamp_us` less `held_us`."""
        origin = stamp_us - held_us - _scale_us(dts)
        bucket = stamp_us // _BUCKET_US
        if bucket != self._bucket:
            self._before = self._now if bucket == self._bucket + 1 else None
            self._bucket, self._now = bucket, None
        self._now = origin if self._now is None else min(self._now, origin)

    @property
    def origin_us(self) -> int | None:
        """Unix microseconds at which dts 0 was; None before the first unit."""
        known = [value for value in (self._now, self._before) if value is not None]
        return min(known, default=None)

    def wall_us(self, dts: int) -> int | None:
        """Unix microseconds of a decode time."""
        origin = self.origin_us
        return None if origin is None else origin + _scale_us(dts)


class Instance:
    """One instance: its order, its clock, its newest connection, and the units nobody has used yet."""

    def __init__(self, name: str, order: ConnectionOrder) -> None:
        self.name = name
        self.order = order
        self.connection = 0
        self.clock = ArrivalClock()
        self.closed: str | None = None
        self.newest_us = 0
        """JetStream's stamp of the newest message."""
        self.unheld_since_us: int | None = None
        """Stamp of the first message since which ingest has not been holding anything back."""
        self.last_sequence = 0
        self._units: dict[Track, deque[Item]] = {track: deque() for track in Track}
        self._configs: dict[Track, Config] = {}
        self._seen: set[Track] = set()

    def feed(self, sequence: int, stamp_us: int, message: bytes) -> bool:
        """Take one message of the log; True if something of this instance has changed."""
        self.last_sequence = max(self.last_sequence, sequence)
        batches = self.order.feed(sequence, stamp_us, message)
        for batch in batches:
            self._take(batch)
        return bool(batches)

    def _take(self, batch: Batch) -> None:
        if batch.connection != self.connection:
            self.restart(batch.connection)
        self.newest_us = max(self.newest_us, batch.stamp_us)
        if batch.closed is not None:
            self.closed = batch.closed
            return
        self._note_held(batch)
        for item in batch.items:
            if isinstance(item.content, Unit):
                self._seen.add(item.track)
            self._units[item.track].append(item)

    def _note_held(self, batch: Batch) -> None:
        first = next((item.content for item in batch.items if isinstance(item.content, Unit)), None)
        if first is not None:
            self.clock.observe(stamp_us=batch.stamp_us, held_us=batch.held_us, dts=first.dts)
        if batch.held_us > 500_000:
            self.unheld_since_us = None
        elif self.unheld_since_us is None:
            self.unheld_since_us = batch.stamp_us

    def restart(self, connection: int) -> None:
        """A later connection replaces all that the earlier one left."""
        self.connection = connection
        self.closed = None
        self.clock = ArrivalClock()
        self.unheld_since_us = None
        self._configs.clear()
        self._seen.clear()
        for units in self._units.values():
            units.clear()

    @property
    def has_video(self) -> bool:
        return Track.VIDEO in self._seen

    @property
    def tracks(self) -> frozenset[Track]:
        """The tracks of which units have come."""
        return frozenset(self._seen)

    @property
    def oldest_sequence(self) -> int | None:
        """The earliest message still needed for what is kept here."""
        kept = [units[0].sequence for units in self._units.values() if units]
        if (held := self.order.oldest_sequence) is not None:
            kept.append(held)
        return min(kept, default=None)

    @property
    def oldest_n(self) -> int:
        """Number of the first message that is still needed, or of the next one to come."""
        kept = [units[0].place.n for units in self._units.values() if units]
        return min([*kept, self.order.next_n])

    def kept(self, track: Track) -> Iterator[Item]:
        """What is kept of a track, oldest first."""
        return iter(self._units[track])

    def forget(self) -> None:
        """Drop all that is kept."""
        for units in self._units.values():
            units.clear()
        self._configs.clear()

    def key_times(self) -> Iterator[int]:
        """Decode times at which a program may begin with this instance, oldest first."""
        lead = Track.VIDEO if self.has_video else Track.AUDIO
        for item in self._units[lead]:
            if isinstance(item.content, Unit) and item.content.is_key:
                yield item.content.dts

    def newest_dts(self) -> int | None:
        """Decode time of the newest unit kept, of either track."""
        times = [
            units[-1].content.dts for units in self._units.values() if units and isinstance(units[-1].content, Unit)
        ]
        return max(times, default=None)

    def forget_before(self, dts: int) -> None:
        """Drop what lies before a key frame's decode time; what a decoder needs to begin there stays known."""
        for units in self._units.values():
            while units and not (isinstance(units[0].content, Unit) and units[0].content.dts >= dts):
                first = units[0].content
                if isinstance(first, Config):
                    if not _unit_before(units, dts):
                        break
                    self._configs[first.track] = first
                units.popleft()

    def bound(self) -> None:
        """Keep no more than the longest lookback."""
        newest = self.newest_dts()
        if newest is not None:
            oldest = newest - MAX_LOOKBACK_TICKS
            if any(u and isinstance(u[0].content, Unit) and u[0].content.dts < oldest for u in self._units.values()):
                self.forget_before(oldest)

    def take(self) -> Iterator[Item]:
        """Give away all that is kept, the configs first, both tracks in the order of their places."""
        yield from (_config_item(config) for config in self._configs.values())
        self._configs.clear()
        video, audio = self._units[Track.VIDEO], self._units[Track.AUDIO]
        while video or audio:
            is_video_next = bool(video) and (not audio or video[0].place < audio[0].place)
            yield (video if is_video_next else audio).popleft()


def _unit_before(units: deque[Item], dts: int) -> bool:
    """True if some unit after the leading configs lies before `dts`: then those configs are behind us."""
    for item in units:
        if isinstance(item.content, Unit):
            return item.content.dts < dts
    return False


def _config_item(config: Config) -> Item:
    return Item(Place(0, 0, 0), 0, config)
