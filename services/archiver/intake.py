"""The messages of the segment subjects, taken by all archivers together."""

import asyncio
from functools import partial

from google.protobuf.message import DecodeError

from headwater.internal.v1.cmaf_pb2 import Segment
from services.archiver.endings import Endings
from services.archiver.indexes import Indexes
from services.archiver.purger import Purger
from services.archiver.retention import is_due
from services.archiver.segments import Segments
from services.archiver.surroundings import Logs, Surroundings
from services.common import subjects
from services.common.bus.consumer import ConsumerConfig, Later, Reject, consume
from services.common.bus.entry import Entry
from services.common.bus.errors import Unavailable

CONSUMER = "archiver"
ACK_WAIT_S = 5.0
"""How long the segments of an archiver that has died wait for another."""

BUS_AWAY_S = 0.5
SETTLE_S = 0.2
"""A message that is on its way to us when we leave would wait `ACK_WAIT_S`; this long it may still arrive."""


class Intake:
    """Handles messages, a few at a time, until it is drained."""

    def __init__(self, around: Surroundings, *, limit: int, replicas: int) -> None:
        self._limit = limit
        self._replicas = replicas
        self._segments = Segments(around)
        self._indexes = Indexes(around.recordings)
        self.purger = Purger()
        self._endings = Endings(around, self._segments, self._indexes, self.purger)
        self._gate = asyncio.Semaphore(limit)

    async def work(self, logs: Logs) -> None:
        """Work for one shard, for ever."""
        config = ConsumerConfig(
            stream=logs.cmaf.stream,
            durable=CONSUMER,
            subjects=(subjects.segments(logs.shard),),
            concurrency=self._limit,
            ack_wait_s=ACK_WAIT_S,
            replicas=self._replicas,
        )
        await consume(logs.cmaf.bus, config, partial(self.handle, logs))

    async def handle(self, logs: Logs, entry: Entry, attempt: int) -> None:
        """Deal with one message. Errors: Reject, Later."""
        try:
            segment = Segment.FromString(entry.payload)
        except DecodeError as error:
            raise Reject(f"no segment message: {error}") from error
        async with self._gate:
            try:
                await self._handle(logs, segment, entry, attempt)
            except Unavailable:
                raise Later(BUS_AWAY_S) from None

    async def _handle(self, logs: Logs, segment: Segment, entry: Entry, attempt: int) -> None:
        if segment.HasField("end"):
            await self._endings.finish(logs, segment, entry.sequence)
            return
        await self._segments.keep(logs, segment, entry.payload, is_repeated=attempt > 1)
        await logs.cmaf.remove(entry.sequence)
        if not is_due(segment.msn):
            return
        await self.purger.note(logs, segment)
        if segment.record:
            await self._indexes.extend(segment.store_prefix, segment.broadcast_id, segment.msn + 1)

    async def drain(self) -> None:
        """Return when what is in hand is done. What comes after that is held until the program ends, and given back."""
        for _ in range(self._limit):
            await self._gate.acquire()
        await asyncio.sleep(SETTLE_S)
