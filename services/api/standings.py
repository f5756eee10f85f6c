"""Where livestreams stand, kept for all of them: lists by state do not read their records.

A standing follows from a livestream's record and its newest broadcast, and while it is armed from the time.
"""

from collections.abc import Collection, Sequence

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.breath import breathing
from services.api.records import Records
from services.api.shelf import Rows
from services.api.standing import is_armed, standing_of
from services.common.clock import Clock

_MAYBE_NEW = {Livestream.IDLE, Livestream.DISABLED}
"""Where a livestream may stand that has had no broadcast, but for one that is armed."""


class Standings:
    """Follows the records; what has changed is looked at when somebody asks next."""

    def __init__(self, records: Records, clock: Clock) -> None:
        self._records = records
        self._clock = clock
        self._states: dict[str, int] = {}
        self._changed: set[str] = set()
        self._has_looked = False
        self._armed: set[str] = set()
        records.livestreams.listen(self._note_livestream)
        records.broadcasts.listen(self._note_broadcast, self._note_broadcasts)

    async def select(self, rows: Rows, states: Collection[int], used: bool | None) -> Rows:
        """Those of `rows` that stand in one of `states`; with `used`, of the idle and disabled ones those that have had
        a broadcast or have not.
        """
        await self.catch_up()
        known, wanted, count = self._states, frozenset(states), self._records.broadcasts.count

        def is_wanted(livestream: str) -> bool:
            state = known.get(livestream, Livestream.STATE_UNSPECIFIED)
            if wanted and state not in wanted:
                return False
            return used is None or state not in _MAYBE_NEW or bool(count(livestream)) is used

        return rows.where(is_wanted)

    async def catch_up(self) -> None:
        """Look at what has changed; at the start that is all."""
        now_us = round(self._clock.now() * 1e6)
        if not self._has_looked:
            self._has_looked = True
            self._changed.update(stored.key for stored in self._records.livestreams.each())
        async for livestream in breathing(list(self._changed | self._armed)):
            self._look(livestream, now_us)

    def _look(self, livestream: str, now_us: int) -> None:
        self._changed.discard(livestream)
        self._armed.discard(livestream)
        stored = self._records.livestreams.peek(livestream)
        if stored is None:
            self._states.pop(livestream, None)
            return
        record = stored.record
        newest = self._records.broadcasts.items(livestream, limit=1)
        self._states[livestream] = standing_of(record, newest[0].record if newest else None, now_us).state
        if is_armed(record, now_us):
            self._armed.add(livestream)

    def _note_livestream(self, livestream: str, _record: LivestreamRecord | None) -> None:
        self._changed.add(livestream)

    def _note_broadcast(self, _broadcast: str, record: BroadcastRecord | None) -> None:
        """One that is gone goes with its livestream."""
        if record is not None and self._has_looked:
            self._changed.add(record.livestream_id)

    def _note_broadcasts(self, _broadcasts: Sequence[str], records: Sequence[BroadcastRecord]) -> None:
        if self._has_looked:
            self._changed.update(record.livestream_id for record in records)
