"""What viewers have watched: asked of stats while a broadcast is on air, written into its record once it is over."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.internal.v1.records_pb2 import BroadcastRecord
from headwater.internal.v1.services_pb2 import GetViewingRequest
from services.api.breath import breathing
from services.api.records import Records
from services.api.session import KEPT_US, is_settled
from services.common.clock import Clock
from services.common.errors import AppError
from services.common.log import get_logger
from services.common.rpc_channel import ask

if TYPE_CHECKING:  # the name stands in the stub file alone
    from headwater.internal.v1.services_pb2_grpc import ViewingServiceAsyncStub

EACH_S = 15.0
_AT_ONCE = 500
_LONGEST_US = 31 * 24 * 3600 * 1_000_000
"""No broadcast runs longer; none that began before can have ended lately."""

_log = get_logger(__name__)


class Viewing:
    """Answers for any number of broadcasts."""

    def __init__(self, records: Records, stats: "ViewingServiceAsyncStub", clock: Clock) -> None:
        self._records = records
        self._stats = stats
        self._clock = clock
        self._open: set[str] = set()
        records.broadcasts.listen(self._note, self._note_new)

    def _note(self, broadcast: str, record: BroadcastRecord | None) -> None:
        """Of most it is written down for good what viewers watched."""
        if record is not None and not record.is_viewing_final:
            self._open.add(broadcast)
        else:
            self._open.discard(broadcast)

    def _note_new(self, broadcasts: Sequence[str], records: Sequence[BroadcastRecord]) -> None:
        self._open.update(key for key, record in zip(broadcasts, records, strict=True) if not record.is_viewing_final)

    async def of(self, broadcasts: Sequence[BroadcastRecord]) -> list[int]:
        """Milliseconds of each. While stats is away, what was last written down."""
        now_us = self._now_us()
        moving = [each for each in broadcasts if not each.is_viewing_final and not _is_forgotten(each, now_us)]
        try:
            found = await self._ask(moving)
        except AppError as error:
            _log.info("viewers' time is as last known", reason=error.detail)
            found = {}
        return [found.get(each.id, int(each.viewer_ms)) for each in broadcasts]

    async def _ask(self, broadcasts: Sequence[BroadcastRecord]) -> dict[str, int]:
        found: dict[str, int] = {}
        for start in range(0, len(broadcasts), _AT_ONCE):
            request = GetViewingRequest()
            for each in broadcasts[start : start + _AT_ONCE]:
                request.broadcasts.add(livestream_id=each.livestream_id, broadcast_id=each.id)
            found |= (await ask(self._stats.GetViewing(request))).viewer_ms
        return found

    async def run(self) -> None:
        """Write down what is settled, for ever; begins when the read models are complete."""
        for _, repository in self._records.followed():
            await repository.is_complete.wait()
        while True:
            try:
                await self.settle()
            except AppError as error:
                _log.info("viewers' time is written down later", reason=error.detail)
            await asyncio.sleep(EACH_S)

    async def settle(self) -> None:
        """Write down what viewers watched of broadcasts that are over. Errors: AppError(UNAVAILABLE)."""
        now_us, settled = self._now_us(), []
        async for broadcast in breathing(list(self._open)):
            stored = self._records.broadcasts.peek(broadcast)
            record = stored.record if stored is not None else None
            if record is None or record.start_time_us < now_us - _LONGEST_US - KEPT_US:
                self._open.discard(broadcast)
            elif is_settled(record, now_us):
                settled.append(record)
        found = await self._ask(settled)
        for record in settled:
            await self._write(record.id, found.get(record.id, 0))

    async def _write(self, broadcast: str, viewer_ms: int) -> None:
        def edit(record: BroadcastRecord | None) -> BroadcastRecord | None:
            if record is not None:
                record.viewer_ms, record.is_viewing_final = viewer_ms, True
            return record

        await self._records.broadcasts.change(broadcast, edit)

    def _now_us(self) -> int:
        return round(self._clock.now() * 1e6)


def _is_forgotten(record: BroadcastRecord, now_us: int) -> bool:
    return 0 < record.end_time_us < now_us - KEPT_US
