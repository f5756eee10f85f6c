"""Stream keys: sealed in the livestream's record, looked up by hash in the bucket that ingest watches.

Key records are written before the livestream's and removed before it, so that a livestream anybody was told of can be
pushed to at once. A crash between leaves key records without a livestream, whose keys nobody knows: the keeper removes
them (keeper.py).
"""

from headwater.internal.v1.onair_pb2 import Rules, StreamKey
from headwater.internal.v1.records_pb2 import InputKey, LivestreamRecord
from services.api.repository import Repository
from services.common.ids import digest, new_stream_key
from services.common.secrets import Sealer

INSTANCES = ("primary", "secondary")


class StreamKeys:
    """Mints, shows and publishes stream keys."""

    def __init__(self, sealer: Sealer, keys: Repository[StreamKey]) -> None:
        self._sealer = sealer
        self._keys = keys

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
        """Let ingest admit encoders with these keys, under these rules. Repeatable."""
        for key in record.input_keys:
            wanted = wanted_key(record.id, key.instance, record.rules)
            await self._keys.change(key.digest, lambda _known, wanted=wanted: wanted)  # type: ignore[misc]  # bound now

    async def withdraw(self, record: LivestreamRecord) -> None:
        """From now on encoders are refused. Repeatable."""
        for key in record.input_keys:
            if await self._keys.get(key.digest) is not None:
                await self._keys.delete(key.digest)

    def are_published(self, record: LivestreamRecord) -> bool:
        """Whether the read model has them all, as they should be."""
        found = {key.instance: self._keys.peek(key.digest) for key in record.input_keys}
        return all(
            stored is not None and stored.record == wanted_key(record.id, instance, record.rules)
            for instance, stored in found.items()
        )


def wanted_key(livestream: str, instance: str, rules: Rules) -> StreamKey:
    return StreamKey(livestream_id=livestream, instance=instance, is_enabled=True, rules=rules)


def _context(livestream: str, instance: str) -> str:
    return f"stream-key/{livestream}/{instance}"
