"""A piece of a recording, copied inside the store into a recording of its own, as a job; nothing is encoded again.

Objects first, the playback record last: until then nothing names what was copied. Who deletes the clip meanwhile writes
a playback record that says GONE, and of the two only one can be the first.
"""

import asyncio
from contextlib import suppress

from headwater.internal.v1.cmaf_pb2 import Recording
from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.archiver.clip_ends import ClipEnds
from services.archiver.clips import check_range
from services.archiver.excerpt import Excerpt
from services.archiver.job_records import JobRecords
from services.archiver.making import MakingError, Report
from services.archiver.surroundings import Surroundings
from services.common.bus.errors import Exists, Stale
from services.common.clip_jobs import clip_job
from services.common.errors import AppError

_COPIES_AT_ONCE = 6


class ClipMaking:
    """A `Making`: goes on where the last one has left off."""

    leaves_order = False

    def __init__(self, around: Surroundings, records: JobRecords, job: DownloadJob) -> None:
        self._around = around
        self._recordings = around.recordings
        self._records = records
        self._job = job

    async def make(self, report: Report) -> None:
        known = await self._around.playback.get(self._job.media_id)
        if known is None:
            known = await self._publish(await self._copied(report))
        if known.state == Playback.GONE:
            raise Stale(self._job.media_id)
        self._job.size_bytes = known.size_bytes

    async def _publish(self, made: Recording) -> Playback:
        """The playback record of the clip, whoever was the first to write one."""
        source = await self._source()
        record = _playback(source, made, self._job.store_prefix)
        with suppress(Exists):
            await self._around.playback.add(record)
        return await self._around.playback.get(self._job.media_id) or record

    async def _copied(self, report: Report) -> Recording:
        try:
            return await self._copy(report)
        except MakingError:
            await self._recordings.delete_all(self._job.store_prefix)
            raise

    async def _source(self) -> Playback:
        source = await self._around.playback.get(self._job.source_id)
        if source is None or source.state != Playback.RECORDED:
            raise MakingError("the recording that it is cut from is gone")
        return source

    async def _copy(self, report: Report) -> Recording:
        prefix = self._job.store_prefix
        source = (await self._source()).store_prefix
        excerpt = await self._excerpt(source)
        ends = ClipEnds(self._recordings, source, excerpt)
        await ends.settle()
        await ends.write(prefix)
        indexes = list(excerpt.indexes(self._job.media_id))
        if not any(rendition.length for segment in excerpt.segments for rendition in segment.renditions):
            raise _nothing()
        await self._copy_media(source, excerpt, ends, report)
        for number, index in enumerate(indexes):
            await self._recordings.put_index(prefix, number, index)
        made = excerpt.recording(self._job.media_id, indexes)
        await self._recordings.put_recording(prefix, made)
        return made

    async def _excerpt(self, source: str) -> Excerpt:
        recording = await self._recordings.recording(source)
        if recording is None:
            raise MakingError("the recording is not in the store")
        try:
            check_range(self._job.start_us, self._job.end_us, recording.duration_us)
        except AppError as error:
            raise MakingError(error.detail) from None
        excerpt = Excerpt(recording, self._job.start_us, self._job.end_us)
        for number in range(recording.index_count):
            index = await self._recordings.index(source, number)
            if index is None:
                raise _gone()
            excerpt.add(index)
            if excerpt.is_past_end:
                break
        if not excerpt.segments:  # less than the tolerance at the very end
            raise _nothing()
        return excerpt

    async def _copy_media(self, source: str, excerpt: Excerpt, ends: ClipEnds, report: Report) -> None:
        prefix, job, numbered = self._job.store_prefix, self._job, list(enumerate(excerpt.segments))
        for rendition in excerpt.renditions:
            if not await self._recordings.copy_init(source, rendition, prefix):
                raise _gone()
        while some := numbered[job.copied_segments :][:_COPIES_AT_ONCE]:
            await self._check_wanted()
            done = await asyncio.gather(
                *(
                    self._recordings.copy_segment(source, segment, prefix, msn, without=ends.written(msn))
                    for msn, segment in some
                )
            )
            if not all(done):
                raise _gone()
            job.copied_segments += len(some)
            await report(100 * job.copied_segments / len(numbered))

    async def _check_wanted(self) -> None:
        if await self._around.playback.get(self._job.media_id) is not None:
            raise Stale(self._job.media_id)

    async def tidy(self) -> None:
        """The clip was deleted: the objects go, then the order, by which another one comes here if we are killed."""
        known = await self._around.playback.get(self._job.media_id)
        if known is not None and known.state == Playback.RECORDED:
            return  # another archiver has made it
        await self._recordings.delete_all(self._job.store_prefix)
        await self._records.bucket.delete(clip_job(self._job.media_id))

    def say(self) -> None:
        """Nobody listens: the record of the job says how far it is, and the playback record that it is made."""


def _nothing() -> MakingError:
    return MakingError("nothing of that piece could be recorded")


def _gone() -> MakingError:
    return MakingError("a part of the recording is not in the store")


def _playback(source: Playback, made: Recording, prefix: str) -> Playback:
    return Playback(
        livestream_id=source.livestream_id,
        broadcast_id=made.broadcast_id,
        shard=source.shard,
        store_prefix=prefix,
        state=Playback.RECORDED,
        start_time_us=made.start_time_us,
        end_time_us=made.end.time_us,
        is_recorded=True,
        segment_count=made.segment_count,
        size_bytes=made.size_bytes,
        duration_us=made.duration_us,
        is_hidden=source.is_hidden,
        tenant_id=source.tenant_id,
        clipped_from=source.broadcast_id,
    )
