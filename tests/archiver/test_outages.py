"""What dies meanwhile: archivers with kill -9, the store, NATS. Every frame is in the recording all the same."""

import asyncio
import random
from pathlib import Path

import pytest

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.archiver.job_records import JobRecords
from services.common import keys, metrics, subjects
from services.common.media.unit import Track
from tests.archiver.facts import facts_of
from tests.archiver.on_air import Stage, stage
from tests.archiver.running import PATIENCE_S, archiver, child, until
from tests.archiver.stored import assert_every_frame, assert_whole, needed, play
from tests.packager.program.encoder import encode
from tests.servers.nats import NatsServer
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.connected

LONG = 30.0


async def stored(here: Stage) -> int:
    return len(await here.objects.list(""))


@pytest.mark.parametrize("seed", range(3))
async def test_killed_archivers_lose_nothing(here: Stage, tmp_path: Path, seed: int) -> None:
    """Two archivers share; one after the other is killed with -9 at some PUT, and the recording is whole."""
    chance = random.Random(seed)
    await here.objects.ensure_bucket()
    broadcast = await here.begin()
    await broadcast.send_all(encode(seconds=LONG, gop_s=1.0))
    async with archiver(here.environment | {"HEADWATER_SEGMENTS_AT_ONCE": "1"}):
        for _ in range(2):
            async with child(here.environment) as doomed:
                kill_at = await stored(here) + chance.randint(1, 12)

                async def is_time(kill_at: int = kill_at) -> bool:
                    return await stored(here) >= kill_at or await here.is_worked_off(broadcast)

                await until(is_time)
                doomed.kill()
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    recording = await assert_whole(here.objects, broadcast)
    path = await play(here.objects, broadcast, recording, "video", tmp_path)
    assert_every_frame(path, encode(seconds=LONG, gop_s=1.0), Track.VIDEO)


async def test_archiver_killed_alone_is_replaced(here: Stage) -> None:
    """What was in the hands of the only archiver goes to the next one that starts."""
    broadcast = await here.begin()
    await broadcast.send_all(encode())
    await here.objects.ensure_bucket()
    async with child(here.environment) as doomed:
        await until(lambda: has_any(here))
        doomed.kill()
    await broadcast.end()
    async with child(here.environment):
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    await assert_whole(here.objects, broadcast)


async def has_any(here: Stage) -> bool:
    return await stored(here) > 0


async def test_store_away_is_waited_for_and_said_once(own_nats: NatsServer, own_s3: S3Server, tmp_path: Path) -> None:
    """Segments that close meanwhile are stored when it is back; loss and return are one fact each, and a metric."""
    gauge = metrics.gauge("headwater_objects_available")
    async with stage(own_nats, own_s3, tmp_path) as here, archiver(here.environment):
        broadcast = await here.begin()
        await broadcast.send_all(encode(seconds=8), until_s=4.2, closed=False)
        await until(lambda: here.is_worked_off(broadcast))
        await asyncio.to_thread(own_s3.kill)
        await broadcast.send_all(encode(seconds=8), since_s=4.2)
        await broadcast.end()
        await until(lambda: holds(gauge.value == 0))
        assert not await here.is_worked_off(broadcast)
        await asyncio.to_thread(own_s3.start)
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

        await assert_whole(here.objects, broadcast)
        said = [fact.WhichOneof("fact") for fact in await facts_of(here)]
        assert gauge.value == 1
    assert [word for word in said if word and word.startswith("store_")] == ["store_lost", "store_recovered"]


async def holds(is_so: bool) -> bool:
    return is_so


async def test_nats_killed_meanwhile_loses_nothing(here: Stage, own_nats: NatsServer) -> None:
    """Nats-server is killed with -9 and comes back; work goes on, whatever was acknowledged in the last second."""
    broadcast = await here.begin()
    async with archiver(here.environment):
        await broadcast.send_all(encode(seconds=LONG, gop_s=1.0))
        await asyncio.to_thread(own_nats.restart, by_force=True)
        await broadcast.cmaf.bus.wait_connected()
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    await assert_whole(here.objects, broadcast)


async def test_archiver_that_is_stopped_finishes_what_it_has_begun(here: Stage) -> None:
    """SIGTERM: the segments in hand are stored and none is left half done."""
    await here.objects.ensure_bucket()
    broadcast = await here.begin()
    await broadcast.send_all(encode(seconds=LONG, gop_s=1.0))
    async with child(here.environment) as leaving:
        await until(lambda: has_any(here))
        leaving.terminate()
        assert await asyncio.wait_for(leaving.wait(), PATIENCE_S) == 0
    begun = {info.key for info in await here.objects.list("") if "/video/" in info.key and info.key.endswith(".m4s")}
    whole = {info.key for info in await here.objects.list("") if "/segment/" in info.key}
    assert len(begun) == len(whole)
    await broadcast.end()
    async with archiver(here.environment):
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))

    await assert_whole(here.objects, broadcast)


async def test_file_is_begun_again_when_the_store_was_away(
    own_nats: NatsServer, own_s3: S3Server, tmp_path: Path
) -> None:
    """The store is killed while a file is made; afterwards the file is whole."""
    sent = encode(seconds=120, gop_s=1.0)
    async with stage(own_nats, own_s3, tmp_path) as here, archiver(here.environment):
        broadcast = await here.begin()
        await broadcast.send_all(sent)
        await broadcast.end()
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))
        records = JobRecords(await here.spine.bucket(subjects.JOBS))
        media = broadcast.record.broadcast_id
        await records.order(media, "MP4", now_us=1)
        await until(lambda: is_at(records, media, DownloadJob.RUNNING))
        await asyncio.to_thread(own_s3.restart, by_force=True)
        await until(lambda: is_at(records, media, DownloadJob.READY))
        path = tmp_path / "file.mp4"
        path.write_bytes(await needed(here.objects, keys.download(broadcast.record.store_prefix, "MP4")))

    assert_every_frame(path, sent, Track.VIDEO)


async def is_at(records: JobRecords, media: str, state: "DownloadJob.State.ValueType") -> bool:
    return [job.state for job in await records.of(media)] == [state]
