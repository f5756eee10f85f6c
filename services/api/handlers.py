"""Facts in, and changes of the buckets that other programs write: all of it goes to the chronicle."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from google.protobuf.message import DecodeError

from headwater.internal.v1.facts_pb2 import Fact
from services.api import broadcast
from services.api.breath import breathing
from services.api.chronicle import Chronicle
from services.api.records import Records
from services.common import subjects
from services.common.bus.connection import Bus
from services.common.bus.consumer import ConsumerConfig, Reject, consume
from services.common.bus.entry import Entry
from services.common.errors import AppError, Kind
from services.common.ids import is_id
from services.common.log import get_logger

_RETRY_S = 0.2

_log = get_logger(__name__)


class FactHandlers:
    """Takes facts by the durable consumer `api`, which all replicas share."""

    def __init__(self, bus: Bus, chronicle: Chronicle, *, replicas: int) -> None:
        self._bus = bus
        self._chronicle = chronicle
        self._config = ConsumerConfig(
            stream=subjects.FACTS,
            durable="api",
            subjects=[subjects.fact(kind, "*") for kind in broadcast.KINDS],
            replicas=replicas,
        )

    async def run(self) -> None:
        """Handle facts until cancelled."""
        await consume(self._bus, self._config, self.handle)

    async def handle(self, entry: Entry, attempt: int) -> None:
        """Write one fact down. Repeatable."""
        del attempt
        try:
            fact = Fact.FromString(entry.payload)
        except DecodeError:
            raise Reject("not a fact") from None
        if not fact.broadcast_id and fact.WhichOneof("fact") == "input_rejected" and is_id(fact.livestream_id):
            await _insist(self._bus, lambda: self._chronicle.note_attempt(fact))
            return
        if not fact.broadcast_id:
            return  # an encoder refused, perhaps with a key that nobody knows
        if not (is_id(fact.livestream_id) and is_id(fact.broadcast_id)):
            raise Reject("a fact about nothing of ours")
        await _insist(self._bus, lambda: self._chronicle.note_fact(fact))


class Observer:
    """Compares `onair`, `playback` and the jobs of clips with the records: all at the start, then each that changes."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._noticed: dict[str, None] = {}
        self._news = asyncio.Event()

    def notice(self, key: str) -> None:
        """A key has changed: a livestream's or a broadcast's id, or the key of the order for a clip."""
        self._noticed[key] = None
        self._news.set()

    async def run(self, records: Records, chronicle: Chronicle) -> None:
        """Compare until cancelled; begins when the read models are complete."""
        for _, repository in records.followed():
            await repository.is_complete.wait()
        while True:
            await self._news.wait()
            self._news.clear()
            noticed, self._noticed = self._noticed, {}
            async for key in breathing(noticed):
                await _insist(self._bus, lambda key=key: _compare(records, chronicle, key))  # type: ignore[misc]  # bound now


async def _compare(records: Records, chronicle: Chronicle, key: str) -> None:
    on_air = records.on_air.peek(key)
    if on_air is not None and on_air.record.broadcast_id:
        await chronicle.note_on_air(key, on_air.record)
    playback = records.playback.peek(key)
    if playback is not None and playback.record.broadcast_id == key:
        await chronicle.note_playback(playback.record)
    job = records.jobs.peek(key)
    if job is not None:
        await chronicle.note_clip_job(job.record)


async def _insist(bus: Bus, work: Callable[[], Awaitable[None]]) -> None:
    """Do it until the records can be reached; what fails for another reason is said and left."""
    while True:
        try:
            await work()
        except AppError as error:
            if error.kind is not Kind.UNAVAILABLE:
                _log.error("a record could not be written", reason=error.detail)
                return
            with suppress(TimeoutError):
                await asyncio.sleep(_RETRY_S)
                await bus.wait_connected()
        else:
            return
