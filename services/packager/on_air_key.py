"""The key `onair` of one broadcast, as its packager sees and changes it: design.md section 4, point 8."""

from headwater.internal.v1.onair_pb2 import OnAir
from services.common.bus.bucket import Bucket, Record
from services.common.bus.errors import Stale

HOLD_S = 60.0
"""Encoders of a broadcast that has run its time are held off so long, as by an order: they would be back at once."""


class OnAirKey:
    """What the key holds as long as it names this broadcast."""

    def __init__(self, bucket: Bucket, livestream: str, broadcast: str, found: Record | None) -> None:
        self.value: OnAir | None = None
        """None: it is gone, or names another broadcast."""
        self.ordered = ""
        """The end reason that it held last: another broadcast may have been written over it since."""
        self._bucket = bucket
        self._livestream = livestream
        self._broadcast = broadcast
        self._revision = 0
        self.note(found)

    @property
    def is_lingering(self) -> bool:
        """Whether encoders keep their connections though the broadcast is to end."""
        return self.value is not None and self.value.linger_until_us > 0

    def note(self, found: Record | None) -> None:
        """Take what has been heard of it."""
        value = OnAir.FromString(found.value) if found is not None else None
        if found is None or value is None or value.broadcast_id != self._broadcast:
            self.value = None
            return
        self.value, self._revision = value, found.revision
        self.ordered = value.end_reason

    async def take_off(self) -> bool:
        """True if it is gone, or stays as an order's; False if the broadcast lives on. Errors: Unavailable."""
        if self.value is None:
            # A watch may lag behind: what is on air is not ended on hearsay.
            self.note(await self._bucket.get(self._livestream))
            return self.value is None
        if self.value.end_reason:
            return True
        try:
            await self._bucket.delete(self._livestream, self._revision)
        except Stale:
            # An encoder came back, and the watch will tell; or this very deletion was done and its answer lost.
            self.note(await self._bucket.get(self._livestream))
            return False
        return True

    async def order_end(self, reason: str, now_us: int) -> None:
        """Write into it why the broadcast ends, so that an heir ends it so too. Errors: Unavailable."""
        if self.value is None:
            return
        wanted = OnAir()
        wanted.CopyFrom(self.value)
        wanted.end_reason, wanted.hold_until_us = reason, now_us + round(HOLD_S * 1e6)
        try:
            self._revision = await self._bucket.update(self._livestream, wanted.SerializeToString(), self._revision)
        except Stale:
            self.note(await self._bucket.get(self._livestream))
            return
        self.value, self.ordered = wanted, reason
