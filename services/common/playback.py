"""The playback records: what an origin must know to serve an id without asking anybody."""

import asyncio
from collections.abc import Callable

from headwater.internal.v1.onair_pb2 import OnAir, Playback
from services.common.bus.bucket import Bucket
from services.common.bus.errors import Exists, Stale
from services.common.ids import new_id

_ATTEMPTS = 20


class PlaybackRecords:
    """Reads and changes the bucket `playback` by compare-and-set. Errors of every call: Unavailable."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket

    async def get(self, key: str) -> Playback | None:
        """The record of a broadcast, or of a livestream's newest broadcast."""
        record = await self._bucket.get(key)
        return None if record is None else Playback.FromString(record.value)

    async def get_dated(self, key: str) -> tuple[Playback, int] | None:
        """The same with the time of its last change, in Unix microseconds by NATS' clock."""
        record = await self._bucket.get(key)
        return None if record is None else (Playback.FromString(record.value), record.time_us)

    async def begin(self, livestream: str, on_air: OnAir) -> Playback:
        """The record of a broadcast, made if it is not there; the livestream's points at it too."""
        record = Playback(
            livestream_id=livestream,
            broadcast_id=on_air.broadcast_id,
            shard=on_air.shard,
            store_prefix=f"{on_air.broadcast_id}-{new_id()}",
            state=Playback.LIVE,
            start_time_us=on_air.start_time_us,
            is_recorded=on_air.rules.record,
            is_gated=on_air.rules.is_gated,
            is_hidden=on_air.rules.is_hidden,
            tenant_id=on_air.rules.tenant_id,
        )
        try:
            await self._bucket.create(on_air.broadcast_id, record.SerializeToString())
        except Exists:
            record = await self.get(on_air.broadcast_id) or record
        await self._point(record)
        return record

    async def add(self, record: Playback) -> None:
        """A record that no livestream's key points at: a clip's. Errors: Exists."""
        await self._bucket.create(record.broadcast_id, record.SerializeToString())

    async def _point(self, record: Playback) -> None:
        """Let the livestream's key name its newest broadcast."""
        for _ in range(_ATTEMPTS):
            found = await self._bucket.get(record.livestream_id)
            try:
                if found is None:
                    await self._bucket.create(record.livestream_id, record.SerializeToString())
                elif Playback.FromString(found.value).start_time_us <= record.start_time_us:
                    await self._bucket.update(record.livestream_id, record.SerializeToString(), found.revision)
            except (Exists, Stale):
                await asyncio.sleep(0)
                continue
            return

    async def change(self, broadcast: str, edit: Callable[[Playback], None]) -> Playback | None:
        """Change a broadcast's record, and the livestream's if it names this broadcast; None if there is none."""
        for _ in range(_ATTEMPTS):
            found = await self._bucket.get(broadcast)
            if found is None:
                return None
            record = Playback.FromString(found.value)
            edit(record)
            value = record.SerializeToString()
            try:
                if value != found.value:
                    await self._bucket.update(broadcast, value, found.revision)
            except Stale:
                continue
            await self._mirror(record)
            return record
        raise Stale(broadcast)

    async def _mirror(self, record: Playback) -> None:
        for _ in range(_ATTEMPTS):
            found = await self._bucket.get(record.livestream_id)
            if found is None or Playback.FromString(found.value).broadcast_id != record.broadcast_id:
                return
            try:
                await self._bucket.update(record.livestream_id, record.SerializeToString(), found.revision)
            except Stale:
                continue
            return
