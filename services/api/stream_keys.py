"""Stream keys: sealed in the livestream's record, looked up by hash in the bucket that ingest watches.

Key records are written before the livestream's and removed before it, so that a livestream anybody was told of can be
pushed to at once. A crash between leaves key records without a livestream, whose keys nobody knows: the keeper removes
them (keeper.py). Of a rotated key the record stays, closed, until all that follows is done.
"""

from collections.abc import Callable

from headwater.internal.v1.onair_pb2 import StreamKey
from headwater.internal.v1.records_pb2 import BroadcastRecord, InputKey, LivestreamRecord
from services.api.caller import tenant_of
from services.api.key_rules import is_guarded, wanted_key
from services.api.repository import Repository, Stored
from services.common.clock import Clock
from services.common.ids import digest, new_stream_key
from services.common.secrets import Sealer

INSTANCES = ("primary", "secondary")
ROTATED = "the stream key was replaced by a new one"


class StreamKeys:
    """Mints, shows and publishes stream keys."""

    def __init__(
        self,
        sealer: Sealer,
        keys: Repository[StreamKey],
        broadcasts: Repository[BroadcastRecord],
        clock: Clock,
        is_full: Callable[[str], bool] = lambda _tenant: False,
    ) -> None:
        self._sealer = sealer
        self._keys = keys
        self._broadcasts = broadcasts
        self._clock = clock
        self._is_full = is_full

    def mint(self, livestream: str) -> list[InputKey]:
        """A new key for each instance."""
        minted = []
        for instance in INSTANCES:
            key = new_stream_key()
            sealed = self._sealer.seal(key, _context(livestream, instance))
            minted.append(InputKey(instance=instance, sealed_key=sealed, digest=digest(key)))
        return minted

    def show(self, livestream: str, key: InputKey) -> str:
        """The key in clear. Errors: AppError(INTERNAL) where it does not open."""
        return self._sealer.open(key.sealed_key, _context(livestream, key.instance))

    async def publish(self, record: LivestreamRecord) -> None:
        """Let ingest admit encoders with these keys, under these rules, or refuse them. Repeatable."""
        for key in record.input_keys:
            wanted = self._wanted(record, key)
            await self._keys.change(key.digest, lambda _known, wanted=wanted: wanted)  # type: ignore[misc]  # bound now

    def is_guarded(self, record: LivestreamRecord) -> bool:
        """Whether what its keys open depends on where its broadcasts stand."""
        return is_guarded(record) or self._is_full(tenant_of(record))

    async def withdraw(self, record: LivestreamRecord) -> None:
        """From now on encoders are refused. Repeatable."""
        for key in record.input_keys:
            if await self._keys.get(key.digest) is not None:
                await self._keys.delete(key.digest)
        for stale in self.replaced(record):
            await self._keys.delete(stale.key)

    def are_published(self, record: LivestreamRecord) -> bool:
        """Whether the read model has them all, as they should be, and no replaced one."""
        found = {key.digest: self._keys.peek(key.digest) for key in record.input_keys}
        are_there = all(
            stored is not None and stored.record == self._wanted(record, key)
            for key, stored in zip(record.input_keys, found.values(), strict=True)
        )
        return are_there and not self.replaced(record)

    def replaced(self, record: LivestreamRecord) -> list[Stored[StreamKey]]:
        """Key records of the livestream that its record does not have any more."""
        present = {key.digest for key in record.input_keys}
        return [stored for stored in self._keys.items(record.id) if stored.key not in present]

    async def close(self, replaced: Stored[StreamKey]) -> None:
        """Refuse encoders with a replaced key."""

        def edit(key: StreamKey | None) -> StreamKey | None:
            if key is not None:
                key.is_enabled, key.refusal = False, ROTATED
            return key

        await self._keys.change(replaced.key, edit)

    async def remove(self, replaced: Stored[StreamKey]) -> None:
        await self._keys.delete(replaced.key)

    def _wanted(self, record: LivestreamRecord, key: InputKey) -> StreamKey:
        newest = self._broadcasts.items(record.id, limit=1)
        return wanted_key(
            record,
            key.instance,
            newest[0].record if newest else None,
            round(self._clock.now() * 1e6),
            is_full=self._is_full(tenant_of(record)),
        )


def _context(livestream: str, instance: str) -> str:
    return f"stream-key/{livestream}/{instance}"
