"""Finishing what `Livestreams.delete` has begun: recordings if they go too, broadcasts, samples, uploaded thumbnails,
and last the record itself.

The mark in the record says what is left to do, so any replica can finish at any time.
"""

from collections.abc import Awaitable, Callable

from headwater.internal.v1.records_pb2 import LivestreamRecord
from services.api.livestreams import REPEATED_US
from services.api.on_air import OnAirOrders
from services.api.orders_due import end_due
from services.api.recordings import Recordings
from services.api.records import Records
from services.api.repository import Stored
from services.api.samples import Samples
from services.api.stream_keys import StreamKeys
from services.common.errors import AppError
from services.common.log import get_logger

_log = get_logger(__name__)

ForgetThumbnails = Callable[[LivestreamRecord], Awaitable[None]]
"""Removes what was uploaded for a livestream. Errors: AppError(UNAVAILABLE)."""


class Deletion:
    """Each step may be repeated."""

    def __init__(
        self,
        records: Records,
        keys: StreamKeys,
        orders: OnAirOrders,
        recordings: Recordings,
        samples: Samples,
        *,
        forget_thumbnails: ForgetThumbnails,
    ) -> None:
        self._records = records
        self._keys = keys
        self._orders = orders
        self._recordings = recordings
        self._samples = samples
        self._forget_thumbnails = forget_thumbnails

    async def begin(self, marked: Stored[LivestreamRecord]) -> None:
        """Try at once; what does not succeed now the keeper does later."""
        try:
            await self.finish(marked)
        except AppError as error:
            _log.warning("a deletion will be finished later", livestream=marked.key, reason=error.detail)

    async def finish(self, marked: Stored[LivestreamRecord]) -> None:
        """Do what is left. Errors: AppError (UNAVAILABLE if stats is away, or archiver or store where needed)."""
        await self._keys.withdraw(marked.record)
        # An encoder may have come before the key went.
        await self._orders.end(marked.key, lambda on_air: end_due(marked.record, on_air))
        if marked.record.deletes_media:
            for media in self._recordings.unmade.first(self._records.media.items(marked.key)):
                await self._recordings.purge(media)
        for broadcast in self._records.broadcasts.items(marked.key):
            await self._records.broadcasts.delete(broadcast.key)
        await self._samples.delete(marked.key)
        await self._forget_thumbnails(marked.record)
        self._recordings.telling.repeat(marked.record, marked.record.delete_time_us - REPEATED_US)
        await self._recordings.telling.settle()
        await self._records.livestreams.delete(marked.key, marked.revision)
