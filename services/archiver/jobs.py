"""Which jobs this archiver carries out: found by watching, taken under leases, begun again if their holder has died."""

import asyncio
import random

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.archiver.job import JobRun
from services.archiver.job_records import OPEN, HeldJob, JobRecords, key_of
from services.archiver.surroundings import Surroundings
from services.common import keys
from services.common.bus.bucket import Bucket
from services.common.bus.errors import BusError, Stale
from services.common.bus.lease import Lease, acquire
from services.common.log import get_logger
from services.common.tasks import cancel, spawn

LOOK_S = 0.5

_log = get_logger(__name__)


class Jobs:
    """The jobs of one archiver; at most `limit` at a time."""

    def __init__(self, around: Surroundings, records: JobRecords, leases: Bucket, *, owner: str, limit: int) -> None:
        self._around = around
        self._records = records
        self._leases = leases
        self._owner = owner
        self._limit = limit
        self._open: set[str] = set()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._news = asyncio.Event()
        self._is_draining = False

    async def watch(self) -> None:
        """Follow the bucket, for ever."""
        async with self._records.bucket.watch() as changes:
            async for change in changes:
                if change is None:
                    continue
                if change.value is not None and DownloadJob.FromString(change.value).state in OPEN:
                    self._open.add(change.key)
                    self._news.set()
                else:
                    self._open.discard(change.key)

    async def take(self) -> None:
        """Take what is open and nobody has, for ever: a lease that ran out is not announced."""
        while True:
            self._news.clear()
            for key in sorted(self._open - set(self._running)):
                if self._is_draining or len(self._running) >= self._limit:
                    break
                await self._try(key)
            try:
                async with asyncio.timeout(LOOK_S * random.uniform(0.7, 1.3)):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _try(self, key: str) -> None:
        lease = await acquire(self._leases, f"job.{key}", self._owner)
        if lease is None:
            return
        try:
            held = await self._records.get(key)
        except BusError:
            held = None
        if held is None or held.job.state not in OPEN:
            await lease.release()
            return
        self._running[key] = spawn(self._hold(key, held, lease), name=f"job {key}")

    async def _hold(self, key: str, held: HeldJob, lease: Lease) -> None:
        work = spawn(self._run(held), name=f"file {key}")
        lost = spawn(lease.lost.wait(), name=f"lease of {key}")
        try:
            await asyncio.wait({work, lost}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(work)
            await cancel(lost)
            self._running.pop(key, None)
            self._news.set()
            await lease.release()

    async def _run(self, held: HeldJob) -> None:
        try:
            record = await self._around.playback.get(held.job.media_id)
            if record is None or record.state != Playback.RECORDED:
                await self._records.bucket.delete(key_of(held.job.media_id, held.job.format), held.revision)
                return
            try:
                await JobRun(self._around, self._records, held, record).run()
            except Stale:
                await self._tidy(held.job, record)
        except BusError as error:
            _log.warning("a job was let go", job=held.job.media_id, format=held.job.format, reason=repr(error))

    async def _tidy(self, job: DownloadJob, record: Playback) -> None:
        """Remove what was made for an order that has been deleted meanwhile, alone or with its recording."""
        now = await self._records.get(key_of(job.media_id, job.format))
        if now is None or now.job.state in OPEN:
            await self._around.recordings.store.delete([keys.download(record.store_prefix, job.format)])

    async def drain(self) -> None:
        """Leave everything to the other archivers, who begin again."""
        self._is_draining = True
        await asyncio.gather(*(cancel(task) for task in list(self._running.values())))
