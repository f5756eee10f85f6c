"""Whether the object store answers, as far as one program sees it; a loss and a return are each said once."""

from headwater.internal.v1.facts_pb2 import Fact
from services.common import metrics
from services.common.bus.facts import FactPublisher
from services.common.clock import Clock
from services.common.facts import say
from services.common.ids import new_id
from services.common.log import get_logger

FAILURES = 2

_log = get_logger(__name__)


class Availability:
    """Told of every request's end."""

    def __init__(self, facts: FactPublisher, clock: Clock, *, program: str) -> None:
        self._facts = facts
        self._clock = clock
        self._program = program
        self._lost_at: float | None = None
        self._failures = 0
        self._gauge = metrics.gauge("headwater_objects_available")
        self._gauge.set(1)

    @property
    def is_lost(self) -> bool:
        return self._lost_at is not None

    def answered(self) -> None:
        """Note a request that was answered."""
        self._failures = 0
        if self._lost_at is None:
            return
        away_s, self._lost_at = self._clock.monotonic() - self._lost_at, None
        self._gauge.set(1)
        _log.warning("the object store is back", away_s=round(away_s, 1))
        fact = self._fact()
        fact.store_recovered.program, fact.store_recovered.away_ms = self._program, round(away_s * 1000)
        say(self._facts, fact)

    def failed(self, reason: str) -> None:
        """Note a request that failed. One alone may be a connection that had grown old; two in a row are a loss."""
        self._failures += 1
        if self._failures < FAILURES or self._lost_at is not None:
            return
        self._lost_at = self._clock.monotonic()
        self._gauge.set(0)
        _log.warning("the object store is away; nothing is lost, everything waits", reason=reason)
        fact = self._fact()
        fact.store_lost.program, fact.store_lost.reason = self._program, reason
        say(self._facts, fact)

    def _fact(self) -> Fact:
        return Fact(id=new_id(), time_us=round(self._clock.now() * 1e6))
