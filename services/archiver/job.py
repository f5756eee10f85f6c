"""One job in this archiver's hands: the work, what is told of it meanwhile, and how it ends."""

import asyncio

from headwater.internal.v1.onair_pb2 import DownloadJob
from services.archiver.job_records import HeldJob, JobRecords, key_of
from services.archiver.making import Making, MakingError
from services.archiver.surroundings import Surroundings
from services.common.bus.errors import BusError, Stale, Unavailable
from services.common.log import get_logger
from services.common.objects import ObjectsRefused, ObjectsUnavailable

WRITE_EACH_S, SAY_EACH_S = 1.0, 2.0
RETRY_S = 1.0

_log = get_logger(__name__)


class JobRun:
    """Carries a job out; whoever runs it holds its lease."""

    def __init__(self, around: Surroundings, records: JobRecords, held: HeldJob, making: Making) -> None:
        self._around = around
        self._records = records
        self._held = held
        self._making = making
        self._wrote_at = self._said_at = around.clock.monotonic()

    async def run(self) -> None:
        """Make it; it ends READY or FAILED. Errors: Stale, if the job is ours no more, or wanted no more."""
        job = self._held.job
        job.state, job.error = DownloadJob.RUNNING, ""
        await self._write()
        self._making.say()
        try:
            await self._make()
        except (MakingError, ObjectsRefused) as error:
            job.state, job.error = DownloadJob.FAILED, str(error)
        except BusError:
            raise
        except Exception:  # noqa: BLE001  a job that is left open is begun again at once, and for ever
            _log.exception("a job cannot be carried out", broadcast=job.media_id, format=job.format)
            job.state, job.error = DownloadJob.FAILED, "the recording cannot be read"
        else:
            job.state, job.percent = DownloadJob.READY, 100.0
        await self._end()

    async def _end(self) -> None:
        job = self._held.job
        if job.state == DownloadJob.READY and not self._making.leaves_order:
            await self._remove()
        else:
            await self._write()
        self._making.say()
        self._around.counts.conversion(job.format.lower(), DownloadJob.State.Name(job.state).lower())
        _log.info(
            "job done" if job.state == DownloadJob.READY else "job failed",
            broadcast=job.media_id,
            format=job.format,
            bytes=job.size_bytes,
            **({"reason": job.error} if job.error else {}),
        )

    async def _make(self) -> None:
        while True:
            try:
                await self._making.make(self._report)
            except ObjectsUnavailable as error:
                _log.warning(
                    "a job is begun again: the store went away", format=self._held.job.format, reason=str(error)
                )
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _report(self, percent: float) -> None:
        now = self._around.clock.monotonic()
        self._held.job.percent = round(percent, 1)
        if now - self._wrote_at >= WRITE_EACH_S:
            self._wrote_at = now
            try:
                await self._put()
            except Unavailable:
                return
        if now - self._said_at >= SAY_EACH_S:
            self._said_at = now
            self._making.say()

    async def _write(self) -> None:
        """Write for good."""
        while True:
            try:
                await self._put()
            except Unavailable:
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _remove(self) -> None:
        """Remove the order for good; whoever has come between has done so."""
        while True:
            try:
                await self._records.remove(self._held)
            except Stale:
                return
            except Unavailable:
                await asyncio.sleep(RETRY_S)
            else:
                return

    async def _put(self) -> None:
        try:
            await self._records.write(self._held)
        except Stale:
            job = self._held.job
            found = await self._records.get(key_of(job.media_id, job.format))
            if found is None or found.job.order_time_us != job.order_time_us:
                raise
            # A write of ours whose answer was lost: under the lease nobody else writes.
            self._held.revision = found.revision
            await self._records.write(self._held)
