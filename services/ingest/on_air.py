"""The bucket `onair` as ingest uses it: join by compare-and-set, and notice when one is no longer meant."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import OnAir
from services.common.bus.bucket import Bucket
from services.common.bus.errors import Exists, Stale
from services.common.ids import new_id
from services.ingest.joining import Applicant, NewBroadcast, Refusal, is_meant, join

_ATTEMPTS = 30


@dataclass(frozen=True, slots=True)
class Joined:
    """A place on air."""

    broadcast_id: str
    shard: int
    connection: int
    """The revision at which the encoder joined: later ones are larger."""


@dataclass(slots=True)
class _Member:
    livestream: str
    instance: str
    revision: int
    tell: Callable[[str], None]


class OnAirBook:
    """Joins and watches. Errors of `join`: Unavailable."""

    def __init__(self, bucket: Bucket, *, shards: int) -> None:
        self._bucket = bucket
        self._shards = shards
        self._members: dict[str, _Member] = {}

    async def join(self, applicant: Applicant, tell: Callable[[str], None]) -> Joined | Refusal:
        """Put the applicant on air; `tell` is called once with the reason when it is no longer meant."""
        livestream = applicant.key.livestream_id
        new = NewBroadcast(new_id(), random.randrange(self._shards))
        for _ in range(_ATTEMPTS):
            found = await self._bucket.get(livestream)
            record = OnAir.FromString(found.value) if found is not None else None
            joined = join(record, found.revision if found is not None else 0, applicant, new)
            if isinstance(joined, Refusal):
                return joined
            try:
                value = joined.SerializeToString()
                if found is None:
                    revision = await self._bucket.create(livestream, value)
                else:
                    revision = await self._bucket.update(livestream, value, found.revision)
            except (Exists, Stale):
                await asyncio.sleep(random.uniform(0, 0.02))
                continue
            instance = applicant.key.instance
            self._members[applicant.token] = _Member(livestream, instance, revision, tell)
            return Joined(joined.broadcast_id, joined.shard, revision)
        return Refusal("too many encoders are joining at once")

    def leave(self, token: str) -> None:
        """Watch no longer over this connection."""
        self._members.pop(token, None)

    async def watch(self) -> None:
        """Follow the bucket, for ever."""
        async with self._bucket.watch() as changes:
            async for change in changes:
                if change is not None:
                    record = OnAir.FromString(change.value) if change.value is not None else None
                    self._check(change.key, record, change.revision)

    def _check(self, livestream: str, record: OnAir | None, revision: int) -> None:
        for token, member in list(self._members.items()):
            # What was written before we joined says nothing about us; a deletion seen late has revision 0.
            if member.livestream != livestream or 0 < revision < member.revision:
                continue
            reason = is_meant(record, member.instance, token)
            if reason is not None:
                del self._members[token]
                member.tell(reason)
