"""Which jobs this archiver carries out: found by watching, taken under leases, begun again if their holder has died."""

import asyncio
import random

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.archiver.clip_making import ClipMaking
from services.archiver.file_making import FileMaking
from services.archiver.job import JobRun
from services.archiver.job_records import OPEN, HeldJob, JobRecords
from services.archiver.making import Making
from services.archiver.surroundings import Surroundings
from services.common.bus.bucket import Bucket
from services.common.bus.errors import BusError, Stale
from services.common.bus.lease import Lease, acquire
from services.common.clip_jobs import CLIP
from services.common.log import get_logger
from services.common.tasks import cancel, spawn

LOOK_S = 0.5

_log = get_logger(__name__)


class Jobs:
    """The jobs of one archiver: so many files and so many clips at a time, that neither waits for the other."""

    def __init__(
        self, around: Surroundings, records: JobRecords, leases: Bucket, *, owner: str, files: int, clips: int
    ) -> None:
        self._around = around
        self._records = records
        self._leases = leases
        self._owner = owner
        self._limits = {False: files, True: clips}
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
                if self._has_room(key):
                    await self._try(key)
            try:
                async with asyncio.timeout(LOOK_S * random.uniform(0.7, 1.3)):
                    await self._news.wait()
            except TimeoutError:
                continue

    def _has_room(self, key: str) -> bool:
        its_kind = sum(_is_clip(each) == _is_clip(key) for each in self._running)
        return not self._is_draining and its_kind < self._limits[_is_clip(key)]

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
            making = await self._making(held)
            if making is None:
                await self._records.remove(held)
                return
            try:
                await JobRun(self._around, self._records, held, making).run()
            except Stale:
                await making.tidy()
        except BusError as error:
            _log.warning("a job was let go", job=held.job.media_id, format=held.job.format, reason=repr(error))

    async def _making(self, held: HeldJob) -> Making | None:
        """None for a file of what is not there to be converted."""
        if held.job.format == CLIP:
            return ClipMaking(self._around, self._records, held.job)
        record = await self._around.playback.get(held.job.media_id)
        if record is None or record.state != Playback.RECORDED:
            return None
        return FileMaking(self._around, self._records, held.job, record)

    async def drain(self) -> None:
        """Leave everything to the other archivers, who begin again."""
        self._is_draining = True
        await asyncio.gather(*(cancel(task) for task in list(self._running.values())))


def _is_clip(key: str) -> bool:
    return key.endswith(f".{CLIP}")
