"""Facts that api says of its own: somebody has changed a livestream or a media.

A change is written down with the id of its fact in the very record it changes, so that a process that dies between the
two leaves enough behind: the keeper of the next one says it again, and said twice it is the same fact.
"""

from collections.abc import Iterable

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.records_pb2 import HistoryRecord, LivestreamRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api import history
from services.api.caller import caller
from services.api.once import id_of
from services.common import subjects
from services.common.bus.errors import BusError
from services.common.bus.facts import FactPublisher
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.facts import say
from services.common.ids import digest

CLOCK = "clock"
"""Stands for who made a change that nobody ordered now."""

CLIP_READY = ("duration", "ready_time", "size_bytes", "state")
CLIP_FAILED = ("failure_reason", "state")
"""What is said to have changed when a clip is made, and when it cannot be."""

SUBJECTS = tuple(subjects.fact(kind, "*") for kind in ("livestream_changed", "media_changed"))


class Telling:
    """Makes changes and says their facts."""

    def __init__(self, facts: FactPublisher, clock: Clock) -> None:
        self._facts = facts
        self._clock = clock

    def change(
        self, kind: str, fields: Iterable[str] = (), *, reason: str = "", broadcast: str = "", fact_id: str = ""
    ) -> HistoryRecord:
        """A change that the present caller makes now; or the clock, outside of a call. `broadcast`: of an order."""
        try:
            token = caller().token_id
        except LookupError:
            token = CLOCK
        at_us = round(self._clock.now() * 1e6)
        return HistoryRecord(
            fact_id=fact_id or id_of(kind),
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

    def now_us(self) -> int:
        """Unix time in microseconds."""
        return round(self._clock.now() * 1e6)

    def say(self, fact: Fact) -> None:
        say(self._facts, fact)

    def media_by_itself(self, record: MediaRecord, kind: str, fields: Iterable[str] = ()) -> None:
        """What nobody ordered: a recording came into being, or is complete. However often, it is one fact."""
        at_us = round(self._clock.now() * 1e6)
        fact_id = digest(f"media/{record.id}/{kind}/{record.state}")[:32]
        change = HistoryRecord(fact_id=fact_id, time_us=at_us, kind=kind, token_id=CLOCK, fields=sorted(fields))
        self.media(record, change)

    def clip_ended(self, record: MediaRecord) -> None:
        """A clip is made, or cannot be. However often, it is one fact."""
        fields = CLIP_READY if record.state == Media.READY else CLIP_FAILED
        fact_id = digest(f"media/{record.id}/updated/{record.state}")[:32]
        change = HistoryRecord(fact_id=fact_id, time_us=record.clip_time_us, kind="updated", token_id=CLOCK)
        change.fields.extend(fields)
        self.media(record, change)

    def media_gone(self, record: MediaRecord) -> None:
        """It is gone for good. Whoever notices says it, and it is one fact."""
        change = self.change("deleted", reason="permanent")
        change.fact_id = digest(f"media/{record.id}/gone")[:32]
        self.media(record, change)

    async def settle(self) -> None:
        """Return when all is on the bus, as before the last is removed that shows it. AppError(UNAVAILABLE)."""
        if not await self._facts.flush():
            raise AppError(Kind.UNAVAILABLE, "nothing can be said now; try again", retry_after_s=1.0)

    async def last_time_us(self) -> int:
        """When any api has last said something; 0: never. AppError(UNAVAILABLE)."""
        try:
            return await self._facts.last_time_us(SUBJECTS)
        except BusError as error:
            raise AppError(Kind.UNAVAILABLE, "what was said cannot be read now", retry_after_s=1.0) from error

    def repeat(self, record: LivestreamRecord, since_us: int = 0) -> None:
        """Say again what was changed since then."""
        for change in record.history:
            if change.fact_id and change.time_us >= since_us:
                self.livestream(record, change)

    def repeat_media(self, record: MediaRecord, since_us: int = 0) -> None:
        if record.last_change.fact_id and record.last_change.time_us >= since_us:
            self.media(record, record.last_change)
        if record.clip_time_us and record.clip_time_us >= since_us:
            self.clip_ended(record)
