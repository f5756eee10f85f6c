"""Facts that api says of its own: somebody has changed a livestream or a media.

A change is written down with the id of its fact in the very record it changes, so that a process that dies between the
two leaves enough behind: the keeper of the next one says it again, and said twice it is the same fact.
"""

from collections.abc import Iterable

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.records_pb2 import HistoryRecord, LivestreamRecord, MediaRecord
from services.api import history
from services.api.caller import caller
from services.common.bus.facts import FactPublisher
from services.common.clock import Clock
from services.common.facts import say
from services.common.ids import digest, new_id

CLOCK = "clock"
"""Stands for who made a change that nobody ordered now."""

SAID_AGAIN_US = 600_000_000
"""Changes of the last ten minutes are said again at the start."""


class Telling:
    """Makes changes and says their facts."""

    def __init__(self, facts: FactPublisher, clock: Clock) -> None:
        self._facts = facts
        self._clock = clock

    def change(self, kind: str, fields: Iterable[str] = (), *, reason: str = "", broadcast: str = "") -> HistoryRecord:
        """A change that the present caller makes now; or the clock, outside of a call. `broadcast`: of an order."""
        try:
            token = caller().token_id
        except LookupError:
            token = CLOCK
        at_us = round(self._clock.now() * 1e6)
        return HistoryRecord(
            fact_id=new_id(),
            time_us=at_us,
            kind=kind,
            reason=reason,
            token_id=token,
            fields=sorted(fields),
            broadcast_id=broadcast,
        )

    def livestream(self, record: LivestreamRecord, change: HistoryRecord) -> None:
        self.say(history.livestream_fact(record, change))

    def media(self, record: MediaRecord, change: HistoryRecord) -> None:
        self.say(history.media_fact(record, change))

    def say(self, fact: Fact) -> None:
        say(self._facts, fact)

    def media_by_itself(self, record: MediaRecord, kind: str, fields: Iterable[str] = ()) -> None:
        """What nobody ordered: a recording came into being, or is complete. However often, it is one fact."""
        at_us = round(self._clock.now() * 1e6)
        fact_id = digest(f"media/{record.id}/{kind}/{record.state}")[:32]
        change = HistoryRecord(fact_id=fact_id, time_us=at_us, kind=kind, token_id=CLOCK, fields=sorted(fields))
        self.media(record, change)

    def media_gone(self, record: MediaRecord) -> None:
        """It is gone for good. Whoever notices says it, and it is one fact."""
        change = self.change("deleted", reason="permanent")
        change.fact_id = digest(f"media/{record.id}/gone")[:32]
        self.media(record, change)

    def repeat(self, record: LivestreamRecord) -> None:
        """Say again what was changed lately."""
        for change in record.history:
            if change.fact_id and self._is_late(change):
                self.livestream(record, change)

    def repeat_media(self, record: MediaRecord) -> None:
        if record.last_change.fact_id and self._is_late(record.last_change):
            self.media(record, record.last_change)

    def _is_late(self, change: HistoryRecord) -> bool:
        return change.time_us > self._clock.now() * 1e6 - SAID_AGAIN_US
