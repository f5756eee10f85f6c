"""The bucket `jobs`: files and clips ordered from recordings, and how far they are."""

from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import DownloadJob
from services.archiver.conversion import FORMATS
from services.common.bus.bucket import Bucket
from services.common.bus.errors import Exists, Stale
from services.common.clip_jobs import CLIP, clip_job

_ATTEMPTS = 20

OPEN = frozenset({DownloadJob.WAITING, DownloadJob.RUNNING})
"""States in which somebody has to do something."""


@dataclass(slots=True)
class HeldJob:
    """A job as it stands, and the revision that its next writer must name."""

    job: DownloadJob
    revision: int


def key_of(media: str, file_format: str) -> str:
    """A job's key in its bucket."""
    return f"{media}.{file_format}"


class JobRecords:
    """Reads and changes jobs by compare-and-set. Errors of every call: Unavailable."""

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket

    async def get(self, key: str) -> HeldJob | None:
        record = await self.bucket.get(key)
        return None if record is None else HeldJob(DownloadJob.FromString(record.value), record.revision)

    async def of(self, media: str) -> list[DownloadJob]:
        """All files ordered of a media."""
        found = [await self.get(key_of(media, each)) for each in FORMATS]
        return [held.job for held in found if held is not None]

    async def order(self, media: str, file_format: str, *, now_us: int) -> DownloadJob:
        """The job for a file, made if there is none or if it has failed; another one is given as it is."""
        wanted = DownloadJob(media_id=media, format=file_format, state=DownloadJob.WAITING, order_time_us=now_us)
        key = key_of(media, file_format)
        for _ in range(_ATTEMPTS):
            held = await self.get(key)
            try:
                if held is None:
                    await self.bucket.create(key, wanted.SerializeToString())
                elif held.job.state == DownloadJob.FAILED:
                    await self.bucket.update(key, wanted.SerializeToString(), held.revision)
                else:
                    return held.job
            except (Exists, Stale):
                continue
            return wanted
        raise Stale(key)

    async def order_clip(self, wanted: DownloadJob) -> DownloadJob:
        """The job for a clip; one that is there is given as it is, whatever has become of it."""
        key = clip_job(wanted.media_id)
        for _ in range(_ATTEMPTS):
            held = await self.get(key)
            if held is not None:
                return held.job
            try:
                await self.bucket.create(key, wanted.SerializeToString())
            except Exists:
                continue
            return wanted
        raise Stale(key)

    async def write(self, held: HeldJob) -> None:
        """Write what has been changed in a held job. Errors: Stale, where somebody else has changed or removed it."""
        key = key_of(held.job.media_id, held.job.format)
        held.revision = await self.bucket.update(key, held.job.SerializeToString(), held.revision)

    async def remove(self, held: HeldJob) -> None:
        """Remove a held job. Errors: Stale, as with `write`."""
        await self.bucket.delete(key_of(held.job.media_id, held.job.format), held.revision)

    async def delete(self, media: str) -> None:
        """Remove all jobs of a media; who works on a file finds out at its next write.

        The job of a clip that is being made stays: whoever carries it out finds that the clip is gone, tidies and then
        removes it. So nothing is left where that one is killed, too.
        """
        for file_format in FORMATS:
            if await self.get(key_of(media, file_format)) is not None:
                await self.bucket.delete(key_of(media, file_format))
        held = await self.get(key_of(media, CLIP))
        if held is not None and held.job.state not in OPEN:
            await self.bucket.delete(clip_job(media))
