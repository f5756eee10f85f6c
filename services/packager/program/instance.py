"""What one instance has sent and the program has not used: enough to go over to it. Pure."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from services.common.media.framing import decode_head
from services.common.media.unit import AUDIO, CLOCK_RATE, VIDEO, Config, Track, Unit
from services.packager.program.arrival import ArrivalClock
from services.packager.program.ordering import NOWHERE, Batch, ConnectionOrder, Item

LEAD_IN_TICKS = CLOCK_RATE // 2
"""Sound from this long before a key frame is kept with it: a broadcast begins with all that was sent."""

MAX_DELAY_TICKS = CLOCK_RATE // 2
"""No key frame is taken to be shown later than this after it is decoded, whatever it says."""

MAX_LOOKBACK_TICKS = 30 * CLOCK_RATE
"""Of an instance that is not on air, at most this much is kept: the longest GOP that may be gone back over."""

TRIMMED_LOOKBACK_TICKS = 24 * CLOCK_RATE
"""What is left when that much has come together: not each message is worth a look at all of it."""

MAX_LOOKBACK_BYTES = 64_000_000
"""And at most this much: a GOP of 10 s at the highest bit rate that is let in."""

HELD_US = 500_000
"""A message that ingest has held longer says nothing about when its encoder was heard."""

PAUSE_US = 1_000_000
"""A longer pause between two messages ends the flow."""

STALE_TICKS = 5 * CLOCK_RATE
"""What lies before a longer hole is not worth going back to."""


class Instance:
    """One instance: its order, its clock, its newest connection, and the units nobody has used yet."""

    def __init__(self, name: str, order: ConnectionOrder) -> None:
        self.name = name
        self.order = order
        self.connection = 0
        self.clock = ArrivalClock()
        self.closed: str | None = None
        self.is_closed_cleanly = False
        """True if the encoder said goodbye: it has sent all pictures that are to be shown before its last one."""
        self.closed_at: tuple[int, int] | None = None
        """Stream sequence and `n` of the message that said so."""
        self.newest_us = 0
        """JetStream's stamp of the newest message."""
        self.is_on_air = False
        """What comes is taken at once: nothing need be known of it."""
        self.flowing_since_us: int | None = None
        """Stamp of the first message since which they have come without a pause, and ingest has held none back."""
        self._units: deque[Item] = deque()
        self._bytes = 0
        self._keys: dict[Track, deque[int]] = {track: deque() for track in Track}
        self._newest_dts: int | None = None
        self._hole_dts: int | None = None
        """Where what is kept goes on after a long hole."""
        self._configs: dict[Track, Config] = {}
        """Of what has been forgotten: what a decoder needs for what is kept."""
        self._configured: set[Track] = set()
        self._seen: set[Track] = set()

    def feed(self, sequence: int, stamp_us: int, message: bytes) -> bool:
        """Take one message of the log; True if something of this instance has changed."""
        batches = self.order.feed(sequence, stamp_us, message)
        for batch in batches:
            self._take(batch)
        if not batches and decode_head(message).connection == self.connection:
            # What another packager has read before us, or what came early, tells that its encoder was not silent.
            self.newest_us = max(self.newest_us, stamp_us)
        return bool(batches)

    def turn_back(self, by_us: int) -> None:
        """Note that the log's clock was put back by this much; the arrival clock finds out by itself."""
        self.newest_us = max(0, self.newest_us - by_us)
        if self.flowing_since_us is not None:
            self.flowing_since_us = max(0, self.flowing_since_us - by_us)

    def _take(self, batch: Batch) -> None:
        if batch.connection != self.connection:
            self.restart(batch.connection)
        silence_us, self.newest_us = batch.stamp_us - self.newest_us, max(self.newest_us, batch.stamp_us)
        if batch.closed is not None:
            self.closed, self.closed_at = batch.closed, (batch.sequence, batch.n)
            self.is_closed_cleanly = batch.is_clean
            return
        self._note_arrival(batch, silence_us)
        if self.is_on_air:
            self._units.extend(batch.items)
            return
        for item in batch.items:
            self._keep(item)

    def _keep(self, item: Item) -> None:
        content = item.content
        self._units.append(item)
        if isinstance(content, Config):
            self._configured.add(content.track)
            return
        track = content.track
        if self._newest_dts is not None and content.dts - self._newest_dts > STALE_TICKS:
            self._hole_dts = content.dts
        self._seen.add(track)
        self._bytes += len(content.payload)
        self._newest_dts = content.dts if self._newest_dts is None else max(self._newest_dts, content.dts)
        if content.is_key and track in self._configured:
            self._keys[track].append(content.dts)

    def _note_arrival(self, batch: Batch, silence_us: int) -> None:
        first = next((item.content for item in batch.items if isinstance(item.content, Unit)), None)
        if first is not None:
            self.clock.observe(stamp_us=batch.stamp_us, held_us=batch.held_us, dts=first.dts)
        if batch.held_us > HELD_US:
            self.flowing_since_us = None
        elif self.flowing_since_us is None or silence_us > PAUSE_US:
            self.flowing_since_us = batch.stamp_us

    def restart(self, connection: int) -> None:
        """A later connection replaces all that the earlier one left."""
        self.connection = connection
        self.is_on_air = False
        self.closed = self.closed_at = None
        self.is_closed_cleanly = False
        self.clock = ArrivalClock()
        self.flowing_since_us = None
        self._configured.clear()
        self._seen.clear()
        self.forget()

    @property
    def has_video(self) -> bool:
        return VIDEO in self._seen

    @property
    def tracks(self) -> frozenset[Track]:
        """The tracks of which units have come."""
        return frozenset(self._seen)

    @property
    def oldest_sequence(self) -> int | None:
        """The earliest message still needed for what is kept here."""
        held = self.order.oldest_sequence
        if not self._units:
            return held
        first = self._units[0].sequence
        return first if held is None else min(first, held)

    @property
    def oldest_n(self) -> int:
        """Number of the first message that is still needed, or of the next one to come."""
        return min(self._units[0].place.n, self.order.next_n) if self._units else self.order.next_n

    @property
    def has_units(self) -> bool:
        """True if there is something to take beside configs."""
        return any(isinstance(item.content, Unit) for item in self._units)

    @property
    def newest_dts(self) -> int | None:
        """Decode time of the newest unit kept, of either track."""
        return self._newest_dts

    @property
    def kept_span(self) -> int:
        """From the oldest unit kept to the newest (90 kHz)."""
        first = next((item.content.dts for item in self._units if isinstance(item.content, Unit)), None)
        return self._newest_dts - first if first is not None and self._newest_dts is not None else 0

    @property
    def key_times(self) -> Sequence[int]:
        """Decode times at which a program may begin with this instance, oldest first."""
        return self._keys[VIDEO if self.has_video else AUDIO]

    def delay_at(self, key: int) -> int:
        """How much later than it is decoded that key frame is shown (90 kHz); 0 where sound is alone."""
        units = (unit for unit in self.kept(VIDEO) if isinstance(unit, Unit) and unit.is_key)
        return next((min(unit.cts, MAX_DELAY_TICKS) for unit in units if unit.dts == key), 0)

    def kept(self, track: Track) -> Iterator[Unit | Config]:
        """What is kept of a track, oldest first."""
        return (item.content for item in self._units if item.content.track is track)

    def forget(self) -> None:
        """Drop all that is kept."""
        self._clear()
        self._configs.clear()

    def _clear(self) -> None:
        self._units.clear()
        self._note_empty()

    def _note_empty(self) -> None:
        self._bytes = 0
        self._newest_dts = self._hole_dts = None
        for keys in self._keys.values():
            keys.clear()

    def forget_before(self, dts: int) -> None:
        """Drop the units before a decode time, but for the sound that leads in to a picture there.

        What a decoder needs to begin there stays known.
        """
        items = list(self._units)
        limits = {VIDEO: dts, AUDIO: dts - LEAD_IN_TICKS if self.has_video else dts}
        last_gone = {
            item.content.track: index
            for index, item in enumerate(items)
            if isinstance(item.content, Unit) and item.content.dts < limits[item.content.track]
        }
        self._clear()
        for index, item in enumerate(items):
            content = item.content
            if index > last_gone.get(content.track, -1):
                self._keep(item)
            elif isinstance(content, Config):
                self._configs[content.track] = content
        for track in Track:
            if isinstance(config := next(self.kept(track), None), Config):
                # Known before the sound that leads in, or the picture would change behind that.
                self._configs[track] = config

    def forget_stale(self) -> None:
        """Drop what lies before a long hole."""
        if self._hole_dts is not None:
            self.forget_before(self._hole_dts)
            self._hole_dts = None

    def forget_shown(self, is_shown: Callable[[int], bool]) -> None:
        """Drop what lies before the last key frame that the program is past."""
        keys = self.key_times
        behind = None
        for key in keys:
            if not is_shown(key):
                break
            behind = key
        if behind is not None and behind != keys[0]:
            self.forget_before(behind)

    def bound(self) -> None:
        """Keep no more than the longest lookback."""
        if self._newest_dts is None:
            return
        newest, span = self._newest_dts, self.kept_span
        if self._bytes > MAX_LOOKBACK_BYTES:
            self.forget_before(newest - span // 2)
        elif span > MAX_LOOKBACK_TICKS:
            self.forget_before(newest - TRIMMED_LOOKBACK_TICKS)

    def take(self) -> Iterator[Item]:
        """Give away all that is kept, in the order of their places; configs that were set aside come first."""
        aside = [Item(NOWHERE, 0, config, NOWHERE) for config in self._configs.values()]
        units = self._units
        self._configs.clear()
        self._note_empty()
        yield from aside
        while units:
            yield units.popleft()
