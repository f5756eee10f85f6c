"""Facts heard on the bus, by a durable consumer that all replicas share."""

import asyncio

from google.protobuf.message import DecodeError

from headwater.internal.v1.facts_pb2 import Fact
from services.common import metrics, subjects
from services.common.bus.connection import Bus
from services.common.bus.consumer import ConsumerConfig, Later, Reject, consume
from services.common.bus.entry import Entry
from services.common.bus.errors import BusError
from services.common.bus.log import Log
from services.common.clock import Clock
from services.common.errors import AppError
from services.stats.changes import KINDS, UNKNOWN, Moment
from services.stats.repository import Repository

DURABLE = "stats"
RETRY_S = 1.0
"""How long a fact waits before it is tried again while Redis is away, and all behind it with it."""


class Handlers:
    """Applies each fact to the figures; those that cannot be applied now wait in the log."""

    def __init__(self, facts: Log, repository: Repository, clock: Clock) -> None:
        self._facts = facts
        self._repository = repository
        self._clock = clock

    async def consume(self, bus: Bus, *, replicas: int = 1) -> None:
        """Take facts for ever."""
        config = ConsumerConfig(
            stream=self._facts.stream,
            durable=DURABLE,
            subjects=[subjects.fact(kind, "*") for kind in KINDS],
            retry_s=RETRY_S,
            replicas=replicas,
        )
        await consume(bus, config, self.handle)

    async def handle(self, entry: Entry, attempt: int) -> None:
        """Apply one fact. Raises Later while Redis or NATS is away, Reject for what is no fact."""
        del attempt
        try:
            fact = Fact.FromString(entry.payload)
        except DecodeError as error:
            raise Reject("not a fact") from error
        moment = Moment(entry.sequence, entry.time_us // 1000, round(self._clock.now() * 1000))
        try:
            await self._repository.apply(fact, moment)
            await self._find_sources(fact)
        except (AppError, BusError) as error:
            # The rest stays in the log meanwhile: a thousand facts that come and go each second would cost a core.
            await asyncio.sleep(RETRY_S)
            raise Later(RETRY_S) from error
        metrics.counter("headwater_stats_facts_total", kind=str(fact.WhichOneof("fact"))).inc()

    async def _find_sources(self, fact: Fact) -> None:
        """Where Redis was emptied, look up what is on air in the facts themselves."""
        watched = {each.livestream_id: each.broadcast_id for each in fact.viewers_seen.audiences}
        if not watched:
            return
        for livestream in await self._repository.sourceless(list(watched)):
            changed = await self._last(livestream, "source_changed")
            ended = await self._last(livestream, "broadcast_ended")
            for said, sequence, instance in (*changed, *((fact, place, "") for fact, place, _ in ended)):
                await self._repository.set_source(livestream, said.broadcast_id, instance, sequence)
            if not changed and not ended:
                await self._repository.set_source(livestream, watched[livestream], UNKNOWN, 0)

    async def _last(self, livestream: str, kind: str) -> list[tuple[Fact, int, str]]:
        entry = await self._facts.last(subjects.fact(kind, livestream))
        if entry is None:
            return []
        fact = Fact.FromString(entry.payload)
        return [(fact, entry.sequence, fact.instance)]
