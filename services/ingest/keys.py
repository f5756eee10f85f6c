"""Who may send: the stream keys, watched, so that an encoder is let in without a call."""

from headwater.internal.v1.onair_pb2 import StreamKey
from services.common.bus.bucket import Bucket
from services.common.bus.errors import Unavailable
from services.common.ids import digest


class KeyBook:
    """The bucket `keys` in memory."""

    def __init__(self, bucket: Bucket) -> None:
        self._bucket = bucket
        self._known: dict[str, StreamKey] = {}

    async def watch(self) -> None:
        """Follow the bucket, for ever."""
        async with self._bucket.watch() as changes:
            async for change in changes:
                if change is None:
                    continue
                if change.value is None:
                    self._known.pop(change.key, None)
                else:
                    self._known[change.key] = StreamKey.FromString(change.value)

    async def find(self, key: str) -> StreamKey | None:
        """What a stream key opens. One not seen yet is looked up once: it may have been made a moment ago."""
        name = digest(key)
        found = self._known.get(name)
        if found is not None:
            return found
        try:
            record = await self._bucket.get(name)
        except Unavailable:
            return None
        return StreamKey.FromString(record.value) if record is not None else None

    @property
    def is_there(self) -> bool:
        return bool(self._known)
