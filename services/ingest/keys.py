"""Who may send: the stream keys, watched, so that an encoder is let in without a call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from headwater.internal.v1.onair_pb2 import StreamKey
from services.common.bus.bucket import Bucket
from services.common.ids import digest
from services.common.log import get_logger

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A key that opens something. `name` is its hash, under which it lies in the bucket."""

    name: str
    key: StreamKey


class KeyBook:
    """The bucket `keys` in memory. `on_withdrawn` hears the name of each key that was removed."""

    def __init__(self, bucket: Bucket) -> None:
        self.on_withdrawn: Callable[[str], None] = lambda _name: None
        self._bucket = bucket
        self._known: dict[str, StreamKey] = {}

    async def watch(self) -> None:
        """Follow the bucket, for ever."""
        async with self._bucket.watch() as changes:
            async for change in changes:
                if change is not None:
                    self._take(change.key, change.value)

    def _take(self, name: str, value: bytes | None) -> None:
        key = _read(name, value) if value is not None else None
        if key is not None:
            self._known[name] = key
            return
        self._known.pop(name, None)
        self.on_withdrawn(name)

    async def find(self, candidates: Sequence[str]) -> Found | None:
        """The first of the candidates that is a stream key. Errors: Unavailable.

        One not seen yet, or seen disabled or for one broadcast only, is looked up: that may have changed a moment ago.
        """
        names = [digest(candidate) for candidate in candidates]
        for name in names:
            key = self._known.get(name)
            if key is not None and key.is_enabled and not key.broadcast_id:
                return Found(name, key)
        for name in names:
            record = await self._bucket.get(name)
            key = _read(name, record.value) if record is not None else None
            if key is not None:
                return Found(name, key)
        return None


def _read(name: str, value: bytes) -> StreamKey | None:
    try:
        return StreamKey.FromString(value)
    except DecodeError:
        _log.error("a stream key's record cannot be read", name=name)
        return None
