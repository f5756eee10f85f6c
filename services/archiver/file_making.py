"""A file out of a recording, as a job."""

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.archiver.conversion import Conversion
from services.archiver.counts import progress_fact
from services.archiver.job_records import OPEN, JobRecords, key_of
from services.archiver.making import Report
from services.archiver.surroundings import Surroundings
from services.common import keys
from services.common.facts import say


class FileMaking:
    """A `Making`: each time from the beginning."""

    leaves_order = True

    def __init__(self, around: Surroundings, records: JobRecords, job: DownloadJob, record: Playback) -> None:
        self._around = around
        self._records = records
        self._job = job
        self._job.percent = 0.0
        self._record = record

    async def make(self, report: Report) -> None:
        job, prefix = self._job, self._record.store_prefix
        job.size_bytes = await Conversion(self._around.recordings, prefix, job.format, report).run()
        job.object_key = keys.download(prefix, job.format)

    async def tidy(self) -> None:
        """The order has been deleted meanwhile, alone or with its recording."""
        now = await self._records.get(key_of(self._job.media_id, self._job.format))
        if now is None or now.job.state in OPEN:
            await self._around.recordings.store.delete([keys.download(self._record.store_prefix, self._job.format)])

    def say(self) -> None:
        say(self._around.facts, progress_fact(self._record, self._job, self._around.now_us))
