"""Which broadcasts this packager carries: found by watching, taken under leases. Design.md section 4, point 7."""

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
from services.packager.broadcast import Broadcast, Surroundings
from services.packager.counts import started_fact
from services.packager.tick_log import BrokenLogError

LOOK_S = 0.3
"""How often broadcasts that nobody here carries are tried: a lease that ran out is not announced."""

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
    playback: dict[str, Playback] = field(default_factory=dict)
    """By broadcast; only those that have not ended."""


class Broadcasts:
    """The broadcasts of one packager replica."""

    def __init__(self, spine: Spine, leases: Bucket, around: Surroundings, *, owner: str, limit: int) -> None:
        self._spine = spine
        self._leases = leases
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

    async def watch_on_air(self) -> None:
        """Follow the bucket `onair`, for ever."""
        async with self._around.onair.watch() as changes:
            async for change in changes:
                if change is None:
                    continue
                if change.value is None:
                    self._known.on_air.pop(change.key, None)
                else:
                    self._known.on_air[change.key] = Record(change.key, change.value, change.revision)
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

    def _tell(self, livestream: str) -> None:
        for carried in self._carried.values():
            if carried.broadcast.record.livestream_id == livestream:
                carried.broadcast.note_on_air(self._on_air_of(carried.broadcast.record))

    def _on_air_of(self, playback: Playback) -> Record | None:
        record = self._known.on_air.get(playback.livestream_id)
        if record is None or OnAir.FromString(record.value).broadcast_id != playback.broadcast_id:
            return None
        return record

    async def take(self) -> None:
        """Try to take what nobody carries, for ever."""
        while True:
            self._news.clear()
            for livestream, broadcast in self._wanted():
                if self._is_draining or len(self._carried) >= self._limit:
                    break
                if broadcast not in self._carried:
                    await self._try(livestream, broadcast)
            try:
                async with asyncio.timeout(LOOK_S * random.uniform(0.7, 1.3)):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _wanted(self) -> list[tuple[str, str]]:
        """Livestream and broadcast of all that is on air, or that has lost its key before its end."""
        found = {}
        for livestream, record in self._known.on_air.items():
            found[OnAir.FromString(record.value).broadcast_id] = livestream
        for broadcast, playback in self._known.playback.items():
            found.setdefault(broadcast, playback.livestream_id)
        return [(livestream, broadcast) for broadcast, livestream in found.items()]

    async def _try(self, livestream: str, broadcast: str) -> None:
        lease = await acquire(self._leases, broadcast, self._owner)
        if lease is None:
            return
        try:
            record = await self._record_of(livestream, broadcast)
            if record is None or record.state != Playback.LIVE:
                self._known.playback.pop(broadcast, None)
                await lease.release()
                return
            media, cmaf = await self._spine.media(record.shard), await self._spine.cmaf(record.shard)
        except BusError as error:
            _log.warning("cannot take a broadcast", broadcast=broadcast, reason=repr(error))
            await lease.release()
            return
        say(self._around.facts, started_fact(record))
        carried = _Carried(Broadcast(record, media=media, cmaf=cmaf, around=self._around), lease)
        carried.broadcast.note_on_air(self._on_air_of(record))
        self._carried[broadcast] = carried
        carried.task = spawn(self._carry(carried), name=f"broadcast {broadcast}")

    async def _record_of(self, livestream: str, broadcast: str) -> Playback | None:
        held = self._known.on_air.get(livestream)
        on_air = OnAir.FromString(held.value) if held is not None else None
        if on_air is not None and on_air.broadcast_id == broadcast:
            return await self._around.playback.begin(livestream, on_air)
        return await self._around.playback.get(broadcast)

    async def _carry(self, carried: _Carried) -> None:
        record = carried.broadcast.record
        reason = "stopped"
        try:
            reason = await carried.broadcast.run()
        except (BusError, BrokenLogError) as error:
            reason = f"{type(error).__name__}: {error}"
        finally:
            self._carried.pop(record.broadcast_id, None)
            if reason == "ended":
                self._known.playback.pop(record.broadcast_id, None)
            _log.info("let go of a broadcast", broadcast=record.broadcast_id, reason=reason)
            await carried.lease.release()

    async def drain(self) -> None:
        """Give everything to the other packagers: stop after the tick in hand, and free the leases."""
        self._is_draining = True
        await asyncio.gather(
            *(cancel(carried.task) for carried in list(self._carried.values()) if carried.task is not None)
        )
