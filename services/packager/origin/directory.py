"""Which broadcast an id means, and the followers of those that are watched."""

import asyncio
from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import Playback
from services.common.bus.bucket import Bucket
from services.common.bus.errors import BusError
from services.common.log import get_logger
from services.common.spine import Spine
from services.packager.origin.follower import Follower
from services.packager.origin.shared import Shared
from services.packager.origin.shelf import Shelf
from services.packager.origin.shown import is_shown

FRESH_S = 0.5
"""A record is believed this long; what ends or begins is seen that much later at most."""

STALE_S = 3600.0
"""While NATS is away the last record known is better than none."""

MAX_RECORDS = 50_000
SWEEP_S = 0.25

_log = get_logger(__name__)


@dataclass(slots=True)
class _Known:
    record: Playback | None
    at: float


class Directory:
    """Looks ids up in the bucket `playback` and keeps one follower for each live broadcast somebody watches."""

    def __init__(self, bucket: Bucket, spine: Spine, shelf: Shelf, *, low_latency: bool, idle_s: float) -> None:
        self._bucket = bucket
        self._spine = spine
        self._shelf = shelf
        self._low_latency = low_latency
        self._idle_s = idle_s
        self._loop = asyncio.get_running_loop()
        self._records: dict[str, _Known] = {}
        self._followers: dict[bytes, Follower] = {}
        """By broadcast id as it stands in a request's target."""
        self._asking: Shared[Playback | None] = Shared("record")

    @property
    def followers(self) -> list[Follower]:
        """The broadcasts that are followed now."""
        return list(self._followers.values())

    async def find(self, wanted: str) -> Playback | None:
        """What an id means to viewers: a broadcast, or a livestream's newest one.

        Errors: Unavailable if nobody can know.
        """
        known = self._records.get(wanted)
        if known is not None and self._loop.time() - known.at < FRESH_S:
            return known.record
        try:
            return await self._asking.get(wanted, lambda: self._ask(wanted))
        except BusError:
            if known is not None and known.record is not None and self._loop.time() - known.at < STALE_S:
                return known.record
            raise

    async def _ask(self, wanted: str) -> Playback | None:
        found = await self._bucket.get(wanted)
        record = Playback.FromString(found.value) if found is not None else None
        if record is not None and (record.state == Playback.GONE or record.is_withheld):
            self._shelf.forget(record.store_prefix)
        if record is not None and not is_shown(record, wanted):
            record = None
        if len(self._records) >= MAX_RECORDS:
            self._records.clear()
        self._records[wanted] = _Known(record, self._loop.time())
        return record

    def livestream_of(self, wanted: str) -> str | None:
        """The livestream that a broadcast belongs to, as far as it is known here."""
        follower = self._followers.get(wanted.encode())
        if follower is not None:
            return follower.record.livestream_id
        known = self._records.get(wanted)
        return known.record.livestream_id if known is not None and known.record is not None else None

    def followed(self, broadcast: bytes) -> Follower | None:
        """The follower of a broadcast, if it is followed; asking keeps it, as long as the broadcast goes on."""
        follower = self._followers.get(broadcast)
        if follower is not None and not follower.program.has_ended:
            follower.asked_at = self._loop.time()
        return follower

    async def follow(self, record: Playback) -> Follower:
        """The follower of a broadcast that is not in the store alone. Errors: Unavailable."""
        log = await self._spine.cmaf(record.shard)
        key = record.broadcast_id.encode()
        found = self._followers.get(key)
        if found is not None and found.why_broken is not None:
            await self._let_go(key, found)
            found = self._followers.get(key)  # somebody else may have come meanwhile
        if found is None:
            found = self._followers[key] = Follower(record, log, low_latency=self._low_latency)
        found.asked_at = self._loop.time()
        return found

    async def sweep(self) -> None:
        """Answer who has waited long enough, and let go of what nobody watches; for ever."""
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self._loop.time()
            for key, follower in list(self._followers.items()):
                follower.sweep(now)
                is_idle = now - follower.asked_at > self._idle_s and not follower.waiting
                if is_idle or follower.why_broken is not None:
                    await self._let_go(key, follower)

    async def _let_go(self, key: bytes, follower: Follower) -> None:
        if self._followers.get(key) is follower:
            del self._followers[key]
            _log.info("let go of a broadcast", broadcast=key.decode(), reason=follower.why_broken or "nobody watches")
            await follower.close()

    def release(self) -> None:
        """Answer all who wait with what there is."""
        for follower in self.followers:
            follower.release()

    async def close(self) -> None:
        """Let go of everything."""
        for follower in self.followers:
            await follower.close()
        self._followers.clear()
