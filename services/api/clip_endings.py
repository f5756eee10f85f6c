"""A clip is made, or cannot be: written into the record that it has since it was ordered, and said."""

from collections.abc import Callable

from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.records import Records
from services.api.telling import Telling
from services.api.unmade_clips import is_unmade


class ClipEndings:
    """Repeatable. Should this process die before it has said so, the keeper says it (telling.py).

    Errors: AppError(UNAVAILABLE).
    """

    def __init__(self, records: Records, telling: Telling) -> None:
        self._records = records
        self._telling = telling

    async def finish(self, made: Playback) -> None:
        """It plays."""

        def edit(record: MediaRecord) -> None:
            record.state = Media.READY
            record.duration_us, record.size_bytes = made.duration_us, made.size_bytes
            record.ready_time_us = record.clip_time_us

        await self._end(made.broadcast_id, edit)

    async def fail(self, clip: str, reason: str) -> None:
        """It will not be made; `reason` is for people."""

        def edit(record: MediaRecord) -> None:
            record.state, record.failure_reason = Media.FAILED, reason

        await self._end(clip, edit)

    async def _end(self, clip: str, edit: Callable[[MediaRecord], None]) -> None:
        has_ended = False

        def apply(record: MediaRecord | None) -> MediaRecord | None:
            nonlocal has_ended
            has_ended = record is not None and is_unmade(record)
            if record is not None and has_ended:
                record.clip_time_us = self._telling.now_us()
                record.update_time_us = max(record.clip_time_us, record.update_time_us + 1)
                edit(record)
            return record

        stored = await self._records.media.change(clip, apply)
        if stored is not None and has_ended:
            self._telling.clip_ended(stored.record)
            await self._telling.settle()
