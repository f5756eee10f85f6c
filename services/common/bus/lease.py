"""Leases: who should try. Who may is the log's fence to say.

A lease is a key in a bucket whose keys go `ttl_s` after their last write; its holder writes it again each `renew_s`.
"""

import asyncio
from enum import Enum

from services.common.beat import beat
from services.common.bus.bucket import Bucket, Record
from services.common.bus.errors import BusError, Exists, Stale, Unavailable
from services.common.log import get_logger
from services.common.tasks import cancel, spawn

RENEW_S = 0.5
"""With a bucket whose keys live 2 s, three renewals may fail before anybody else sees the lease free."""

_log = get_logger(__name__)


class Claim(Enum):
    """What to do about a lease whose revision is not the one last written."""

    ADOPT = "adopt"  # a renewal of ours whose acknowledgement was lost
    CREATE = "create"  # it ran out while NATS was away, and nobody has it
    LOST = "lost"


def judge(record: Record | None, owner: str) -> Claim:
    """What the key says about a lease that could not be renewed. Pure."""
    if record is None:
        return Claim.CREATE
    return Claim.ADOPT if record.value == owner.encode() else Claim.LOST


class Lease:
    """Held from `acquire` until `release` or until somebody else has it; then `lost` is set.

    While NATS is away nothing is decided: nobody else can take it either, and it is renewed or taken anew afterwards.
    """

    def __init__(self, bucket: Bucket, name: str, owner: str, revision: int, renew_s: float) -> None:
        self._bucket = bucket
        self._renew_s = renew_s
        self.name = name
        self.owner = owner
        self.revision = revision
        self.lost = asyncio.Event()
        self._keeper = spawn(self._keep(), name=f"lease {name}")

    @property
    def is_held(self) -> bool:
        return not self.lost.is_set()

    async def release(self) -> None:
        """Let go at once, so that another need not wait for the key's age. Never raises."""
        await cancel(self._keeper)
        if not self.is_held:
            return
        self.lost.set()
        try:
            await self._bucket.delete(self.name, self.revision)
        except BusError as error:
            _log.info("a lease will run out by itself", lease=self.name, reason=str(error))

    async def _keep(self) -> None:
        while self.is_held:
            await beat(self._renew_s)
            try:
                await self._renew()
            except Unavailable:
                continue
            except BusError as error:
                _log.warning("a lease was lost", lease=self.name, reason=repr(error))
                self.lost.set()

    async def _renew(self) -> None:
        try:
            self.revision = await self._bucket.update(self.name, self.owner.encode(), self.revision)
        except Stale:
            record = await self._bucket.get(self.name)
            match judge(record, self.owner):
                case Claim.ADOPT if record is not None:
                    self.revision = record.revision
                case Claim.CREATE:
                    self.revision = await self._bucket.create(self.name, self.owner.encode())
                case _:
                    raise


async def acquire(bucket: Bucket, name: str, owner: str, *, renew_s: float = RENEW_S) -> Lease | None:
    """The lease, renewed from now on; None if somebody has it or NATS is away.

    `owner` names this process and no other, not even its successor.
    """
    try:
        revision = await _take(bucket, name, owner)
    except (Exists, Stale, Unavailable):
        return None
    return Lease(bucket, name, owner, revision, renew_s)


async def _take(bucket: Bucket, name: str, owner: str) -> int:
    try:
        return await bucket.create(name, owner.encode())
    except Exists:
        record = await bucket.get(name)
        if record is None or judge(record, owner) is not Claim.ADOPT:
            raise
        return await bucket.update(name, owner.encode(), record.revision)
