"""Which leases may be free: heard by watching their bucket, so that nobody need ask for each again and again."""

from collections.abc import Callable

from services.common.bus.bucket import Bucket
from services.common.spine import LEASE_TTL_S


class FreeLeases:
    """A lease that was not renewed for its time to live may be taken. `monotonic` gives seconds."""

    def __init__(self, bucket: Bucket, *, owner: str, monotonic: Callable[[], float]) -> None:
        self._bucket = bucket
        self._owner = owner.encode()
        self._monotonic = monotonic
        self._heard: dict[str, float] = {}

    async def watch(self, on_freed: Callable[[], None]) -> None:
        """Follow the bucket, for ever; `on_freed` is called when a lease is given up."""
        async with self._bucket.watch() as changes:
            async for change in changes:
                if change is None or change.value == self._owner:
                    continue
                if change.value is not None:
                    self._heard[change.key] = self._monotonic()
                elif self._heard.pop(change.key, None) is not None:
                    on_freed()

    def is_free(self, name: str) -> bool:
        """True if nobody else is known to hold it."""
        heard = self._heard.get(name)
        if heard is None:
            return True
        if self._monotonic() - heard < LEASE_TTL_S:
            return False
        del self._heard[name]
        return True
