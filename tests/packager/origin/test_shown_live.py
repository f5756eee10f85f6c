"""What is on air and not for viewers is answered as what is not on air, by a real origin."""

import asyncio

from headwater.internal.v1.onair_pb2 import Playback
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.running import archiver, until
from tests.packager.origin.running import Site, origin, path_of
from tests.packager.program.encoder import encode, messages


async def _statuses(site: Site, broadcast: Broadcast) -> list[int]:
    """Of the livestream, the broadcast, a playlist, a segment and a part."""
    own = [path_of(broadcast, rest) for rest in ("index.m3u8", "video.m3u8", "video/0.m4s", "video/0.0.m4s")]
    found = [await site.get(path) for path in (f"/{broadcast.record.livestream_id}/index.m3u8", *own)]
    return [answer.status_code for answer in found]


async def _become(site: Site, broadcast: Broadcast, statuses: list[int]) -> None:
    async with asyncio.timeout(20):
        while await _statuses(site, broadcast) != statuses:  # noqa: ASYNC110  sets no event
            await asyncio.sleep(0.05)


async def test_broadcast_is_answered_from_when_it_is_published(here: Stage) -> None:
    """Before that nothing of it is there, though its picture is in the log; then all of it is."""
    broadcast = await here.begin()
    await here.playback.change(broadcast.record.broadcast_id, lambda record: setattr(record, "is_gated", True))
    await broadcast.send_all(encode(seconds=6))
    async with origin(here) as site:
        before = await _statuses(site, broadcast)
        await here.playback.change(broadcast.record.broadcast_id, lambda record: setattr(record, "publish_time_us", 1))
        await _become(site, broadcast, [200] * 5)

        assert before == [204, 204, 404, 404, 404]


async def test_broadcast_without_hls_is_there_as_its_recording_alone(here: Stage) -> None:
    """On air nobody is shown anything; the recording is, by its own id."""
    broadcast = await here.begin()
    await here.playback.change(broadcast.record.broadcast_id, lambda record: setattr(record, "is_hidden", True))
    async with archiver(here.environment), origin(here) as site:
        await broadcast.send(messages(encode(seconds=6), connection=5))
        on_air = await _statuses(site, broadcast)
        await broadcast.end()
        await here.playback.change(
            broadcast.record.broadcast_id, lambda record: setattr(record, "state", Playback.ENDED)
        )
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))
        await _become(site, broadcast, [204, 200, 200, 200, 404])

        assert on_air == [204, 204, 404, 404, 404]
