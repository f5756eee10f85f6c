"""One job in this archiver's hands: the conversion, what is told of it meanwhile, and how it ends."""

import asyncio

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.archiver.conversion import Conversion, ConversionError
from services.archiver.counts import progress_fact
from services.archiver.job_records import HeldJob, JobRecords, key_of
from services.archiver.surroundings import Surroundings
from services.common import keys
from services.common.bus.errors import BusError, Stale, Unavailable
from services.common.facts import say
from services.common.log import get_logger
from services.common.objects import ObjectsRefused, ObjectsUnavailable

WRITE_EACH_S, SAY_EACH_S = 1.0, 2.0
RETRY_S = 1.0

_log = get_logger(__name__)


class JobRun:
    """Carries a job out; whoever runs it holds its lease."""

    def __init__(self, around: Surroundings, records: JobRecords, held: HeldJob, record: Playback) -> None:
        self._around = around
        self._records = records
        self._held = held
        self._record = record
        self._wrote_at = self._said_at = around.clock.monotonic()

    async def run(self) -> None:
        """Make the file, from the beginning; it ends READY or FAILED. Errors: Stale, if the job is ours no more."""
        job = self._held.job
        job.state, job.percent, job.error = DownloadJob.RUNNING, 0.0, ""
        await self._write()
        self._say()
        try:
            job.size_bytes = await self._convert()
        except (ConversionError, ObjectsRefused) as error:
            job.state, job.error = DownloadJob.FAILED, str(error)
        except BusError:
            raise
        except Exception:  # noqa: BLE001  a job that is left open is begun again at once, and for ever
            _log.exception("a file cannot be made", broadcast=job.media_id, format=job.format)
            job.state, job.error = DownloadJob.FAILED, "the recording cannot be read"
        else:
            job.state, job.percent = DownloadJob.READY, 100.0
            job.object_key = keys.download(self._record.store_prefix, job.format)
        await self._write()
        self._say()
        result = DownloadJob.State.Name(job.state).lower()
        self._around.counts.conversion(job.format.lower(), result)
        _log.info(
            "file made" if job.state == DownloadJob.READY else "file not made",
            broadcast=job.media_id,
            format=job.format,
            bytes=job.size_bytes,
            **({"reason": job.error} if job.error else {}),
        )

    async def _convert(self) -> int:
        while True:
            file_format, prefix = self._held.job.format, self._record.store_prefix
            try:
                return await Conversion(self._around.recordings, prefix, file_format, self._report).run()
            except ObjectsUnavailable as error:
                _log.warning("a file is begun again: the store went away", format=file_format, reason=str(error))
                await asyncio.sleep(RETRY_S)

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
            self._say()

    async def _write(self) -> None:
        """Write for good."""
        while True:
            try:
                await self._put()
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

    def _say(self) -> None:
        say(self._around.facts, progress_fact(self._record, self._held.job, self._around.now_us))
