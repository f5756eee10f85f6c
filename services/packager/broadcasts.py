"""Which broadcasts this packager carries: found by watching, taken under leases (design.md section 4, point 7)."""

import asyncio
import random
from dataclasses import dataclass, field

from headwater.internal.v1.onair_pb2 import OnAir, Playback
from services.common.bus.bucket import Bucket, Record
from services.common.bus.errors import BusError
from services.common.bus.lease import Lease, acquire
from services.common.facts import say
from services.common.log import get_logger
from services.common.spine import Spine
from services.common.tasks import cancel, spawn
from services.common.telemetry import consuming
from services.packager.broadcast import Broadcast, Surroundings
from services.packager.free_leases import FreeLeases
from services.packager.telling import started_fact

LOOK_S = 0.3
"""How often broadcasts that nobody here carries are tried: a lease that ran out is not announced."""

FAILED_S = 1.0
"""How long a broadcast that could not be carried is left to others."""

_log = get_logger(__name__)


@dataclass
class _Carried:
    broadcast: Broadcast
    lease: Lease
    task: "asyncio.Task[None] | None" = None


@dataclass
class _Known:
    """What the two buckets say."""

    on_air: dict[str, Record] = field(default_factory=dict)
    """By livestream."""
    named: dict[str, str] = field(default_factory=dict)
    """The broadcasts that those name, by livestream: they are asked for three times a second."""
    playback: dict[str, Playback] = field(default_factory=dict)
    """By broadcast; only those that have not ended."""
    ended: set[str] = field(default_factory=set)
    """Broadcasts on air whose end message is in the log: an order leaves the key."""
    not_before: dict[str, float] = field(default_factory=dict)
    """By broadcast: when it may be tried again."""

    def note(self, livestream: str, record: Record | None) -> None:
        """Tell what the key `onair` of a livestream holds now."""
        if record is None:
            self.on_air.pop(livestream, None)
            self.named.pop(livestream, None)
        else:
            self.on_air[livestream] = record
            self.named[livestream] = OnAir.FromString(record.value).broadcast_id

    def of(self, playback: Playback) -> Record | None:
        """The key `onair`, if it names this broadcast."""
        livestream = playback.livestream_id
        return self.on_air[livestream] if self.named.get(livestream) == playback.broadcast_id else None

    def wanted(self) -> dict[str, str]:
        """Livestreams by broadcast: all that is on air, or that has lost its key before its end."""
        found = {broadcast: livestream for livestream, broadcast in self.named.items()}
        self.ended &= found.keys()
        for broadcast, playback in self.playback.items():
            found.setdefault(broadcast, playback.livestream_id)
        return {broadcast: livestream for broadcast, livestream in found.items() if broadcast not in self.ended}


class Broadcasts:
    """The broadcasts of one packager replica."""

    def __init__(self, spine: Spine, leases: Bucket, around: Surroundings, *, owner: str, limit: int) -> None:
        self._spine = spine
        self._leases = leases
        self._free = FreeLeases(leases, owner=owner, monotonic=around.clock.monotonic)
        self._around = around
        self._owner = owner
        self._limit = limit
        self._known = _Known()
        self._carried: dict[str, _Carried] = {}
        self._is_draining = False
        self._news = asyncio.Event()

    @property
    def carried(self) -> list[Broadcast]:
        """The broadcasts that this packager writes now."""
        return [carried.broadcast for carried in self._carried.values()]

    def count_on_air(self, instance: str) -> int:
        """How many of them are made of this instance now."""
        programs = [broadcast.program for broadcast in self.carried]
        sources = [program.on_air for program in programs if program is not None and not program.lost_since_us]
        return sum(1 for on_air in sources if on_air is not None and on_air.instance == instance)

    # -- what is heard ----------------------------------------------------------------------------

    async def watch_on_air(self) -> None:
        """Follow the bucket `onair`, for ever."""
        async with self._around.onair.watch() as changes:
            async for change in changes:
                if change is None:
                    continue
                value = change.value
                self._known.note(change.key, None if value is None else Record(change.key, value, change.revision))
                self._tell(change.key)
                self._news.set()

    async def watch_playback(self, bucket: Bucket) -> None:
        """Follow the bucket `playback`, for ever: a broadcast whose key is gone still needs its end message."""
        async with bucket.watch() as changes:
            async for change in changes:
                if change is None:
                    continue
                record = Playback.FromString(change.value) if change.value is not None else None
                if record is not None and record.broadcast_id == change.key and record.state == Playback.LIVE:
                    self._known.playback[change.key] = record
                    self._news.set()
                else:
                    self._known.playback.pop(change.key, None)

    async def watch_leases(self) -> None:
        """Follow who holds what, for ever."""
        await self._free.watch(self._news.set)

    def _tell(self, livestream: str) -> None:
        for carried in self._carried.values():
            if carried.broadcast.record.livestream_id == livestream:
                carried.broadcast.note_on_air(self._known.of(carried.broadcast.record))

    # -- what is taken ----------------------------------------------------------------------------

    async def take(self) -> None:
        """Try to take what nobody carries, for ever."""
        while True:
            self._news.clear()
            for broadcast, livestream in self._known.wanted().items():
                if self._is_draining or len(self._carried) >= self._limit:
                    break
                if self._may_try(broadcast):
                    await self._try(livestream, broadcast)
            try:
                async with asyncio.timeout(LOOK_S * random.uniform(0.7, 1.3)):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _may_try(self, broadcast: str) -> bool:
        not_before = self._known.not_before.get(broadcast)
        if not_before is not None:
            if self._around.clock.monotonic() < not_before:
                return False
            del self._known.not_before[broadcast]
        return broadcast not in self._carried and self._free.is_free(broadcast)

    async def _try(self, livestream: str, broadcast: str) -> None:
        lease = await acquire(self._leases, broadcast, self._owner)
        if lease is None:
            return
        try:
            carried = await self._open(livestream, broadcast, lease)
        except BusError as error:
            _log.warning("cannot take a broadcast", broadcast=broadcast, reason=repr(error))
            carried = None
        if carried is None or self._is_draining:
            await lease.release()
            return
        self._carried[broadcast] = carried
        carried.task = spawn(self._carry(carried), name=f"broadcast {broadcast}")

    async def _open(self, livestream: str, broadcast: str, lease: Lease) -> _Carried | None:
        """The broadcast, if it has not ended. Errors: BusError."""
        # A watch may lag behind: what is on air is looked up once.
        held = await self._around.onair.get(livestream)
        with consuming("packager takes a broadcast", held.headers if held is not None else None):
            return await self._begin(livestream, broadcast, lease, held)

    async def _begin(self, livestream: str, broadcast: str, lease: Lease, held: Record | None) -> _Carried | None:
        on_air = OnAir.FromString(held.value) if held is not None else None
        if on_air is not None and on_air.broadcast_id == broadcast:
            record: Playback | None = await self._around.playback.begin(livestream, on_air)
        else:
            held, record = None, await self._around.playback.get(broadcast)
        if record is None or record.state != Playback.LIVE:
            self._note_ended(broadcast)
            return None
        media, cmaf = await self._spine.media(record.shard), await self._spine.cmaf(record.shard)
        say(self._around.facts, started_fact(record))
        return _Carried(Broadcast(record, on_air=held, media=media, cmaf=cmaf, around=self._around), lease)

    def _note_ended(self, broadcast: str) -> None:
        self._known.playback.pop(broadcast, None)
        self._known.ended.add(broadcast)

    async def _carry(self, carried: _Carried) -> None:
        broadcast = carried.broadcast.record.broadcast_id
        reason = "stopped"
        try:
            reason = await carried.broadcast.run()
        finally:
            self._carried.pop(broadcast, None)
            if reason == "ended":
                self._note_ended(broadcast)
            else:
                self._known.not_before[broadcast] = self._around.clock.monotonic() + FAILED_S
            _log.info("let go of a broadcast", broadcast=broadcast, reason=reason)
            await carried.lease.release()

    async def drain(self) -> None:
        """Give everything to the other packagers: stop after the tick in hand, and free the leases."""
        self._is_draining = True
        await asyncio.gather(*(self._give_away(carried) for carried in list(self._carried.values())))

    async def _give_away(self, carried: _Carried) -> None:
        await carried.broadcast.settle()
        if carried.task is not None:
            await cancel(carried.task)
