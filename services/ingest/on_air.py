"""The bucket `onair` as ingest uses it: join by compare-and-set, and notice when one is no longer meant."""

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from headwater.internal.v1.onair_pb2 import OnAir
from services.common.bus.bucket import Bucket
from services.common.bus.errors import Exists, Stale, Unavailable
from services.common.bus.watch import Change
from services.common.ids import new_id
from services.common.log import get_logger
from services.ingest.joining import Applicant, Loss, NewBroadcast, Refusal, Why, join, loss, number_of

_ATTEMPTS = 30
_RETRY_S = 0.1

_log = get_logger(__name__)

LEFT = Refusal(Why.LEFT, "the encoder left before it was let in")

Tell = Callable[[Loss, int], None]
"""Why it is no longer meant, and until when its connection may stay (Unix microseconds; 0: not at all)."""


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
    place: Joined
    tell: Tell
    is_lingering: bool = False
    """It was told that its broadcast ends, and keeps its connection."""


class OnAirBook:
    """Joins and watches. `open_shards` gives the shards in which a broadcast may begin."""

    def __init__(self, bucket: Bucket, open_shards: Callable[[], Sequence[int]]) -> None:
        self._bucket = bucket
        self._open_shards = open_shards
        self._members: dict[str, _Member] = {}

    async def join(
        self, applicant: Applicant, tell: Tell, *, is_here: Callable[[], bool] = lambda: True
    ) -> Joined | Refusal:
        """Put the applicant on air; `tell` is called when it is no longer meant, with why.

        Twice if its connection may stay for a while, and is then taken away for another reason.

        While NATS is away it goes on trying, as long as the applicant `is_here`: the deadline is the caller's.
        """
        new = self._new_broadcast()
        attempts = 0
        while attempts < _ATTEMPTS:
            if not is_here():
                return LEFT
            try:
                found = await self._try(applicant, new)
            except (Exists, Stale):
                attempts += 1
                await asyncio.sleep(random.uniform(0, 0.02))
                continue
            except Unavailable:  # the write may have been done: the next look at the record tells
                await asyncio.sleep(_RETRY_S)
                continue
            if isinstance(found, Joined):
                member = _Member(applicant.key.livestream_id, applicant.key.instance, found, tell)
                self._members[applicant.token] = member
            return found
        return Refusal(Why.BUSY, "too many encoders are joining at once")

    def _new_broadcast(self) -> NewBroadcast | Refusal:
        shards = self._open_shards()
        if not shards:
            return Refusal(Why.LOG_FULL, "the server's log is full; no broadcast can begin now")
        return NewBroadcast(new_id(), random.choice(shards))

    async def _try(self, applicant: Applicant, new: NewBroadcast | Refusal) -> Joined | Refusal:
        livestream = applicant.key.livestream_id
        found = await self._bucket.get(livestream)
        record, revision = (_read(livestream, found.value), found.revision) if found is not None else (None, 0)
        number = number_of(record, revision, applicant) if record is not None else None
        if record is not None and number is not None:
            return Joined(record.broadcast_id, record.shard, number)
        joined = join(record, revision, applicant, new)
        if isinstance(joined, Refusal):
            return joined
        value = joined.SerializeToString()
        if found is None:
            revision = await self._bucket.create(livestream, value)
        else:
            revision = await self._bucket.update(livestream, value, found.revision)
        return Joined(joined.broadcast_id, joined.shard, revision)

    def leave(self, token: str) -> None:
        """Watch no longer over this connection."""
        self._members.pop(token, None)

    async def watch(self) -> None:
        """Follow the bucket, for ever."""
        async with self._bucket.watch() as changes:
            async for change in changes:
                if change is not None:
                    self._check(change)

    def _check(self, change: Change) -> None:
        record = _read(change.key, change.value) if change.value is not None else None
        for token, member in list(self._members.items()):
            # What was written before we joined says nothing about us; a deletion seen late has revision 0.
            if member.livestream != change.key or 0 < change.revision < member.place.connection:
                continue
            reason = loss(record, member.place.broadcast_id, member.instance, token)
            linger_until_us = record.linger_until_us if record is not None and reason is Loss.ORDERED else 0
            if linger_until_us:
                self._linger(member, linger_until_us)
            elif reason is not None:
                del self._members[token]
                member.tell(reason, 0)

    def _linger(self, member: _Member, until_us: int) -> None:
        """Go on watching over it: its place may be taken meanwhile."""
        if not member.is_lingering:
            member.is_lingering = True
            member.tell(Loss.ORDERED, until_us)


def _read(livestream: str, value: bytes) -> OnAir | None:
    """The record; None for bytes of a foreign hand, over which the next encoder writes."""
    try:
        return OnAir.FromString(value)
    except DecodeError:
        _log.error("what is on air cannot be read", livestream=livestream)
        return None
