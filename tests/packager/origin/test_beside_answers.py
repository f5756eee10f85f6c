"""What stands beside the media: pictures, viewers, files by the vendor's paths, pages in frames, plain playlists."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any

import av
import grpc
import pytest

from headwater.v1.statistics_pb2 import GetStatisticsRequest, Statistics
from headwater.v1.statistics_pb2_grpc import StatisticsServiceServicer, add_StatisticsServiceServicer_to_server
from services.common import keys
from services.common.ids import new_id
from tests.archiver.on_air import Stage
from tests.archiver.running import until
from tests.clients.hls_rules import check_playlist
from tests.packager.origin.recorded import recorded, rule
from tests.packager.origin.running import Site, origin
from tests.packager.program.encoder import Later, encode, messages
from tests.servers.ports import free_ports

pytestmark = pytest.mark.connected

MEDIA = Later(lambda: messages(encode(seconds=12), connection=5, closed=False))


class Counter(StatisticsServiceServicer):
    """Stats that knows of seven viewers, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def GetStatistics(self, _request: GetStatisticsRequest, _context: Any) -> Statistics:  # noqa: N802  the proto's
        self.asked += 1
        found = Statistics()
        found.sum.hls_connections = 7
        return found

    async def ListSamples(self, _request: Any, _context: Any) -> Any:  # noqa: N802  the proto's
        raise NotImplementedError


@asynccontextmanager
async def stats() -> AsyncIterator[tuple[Counter, str]]:
    counter, server = Counter(), grpc.aio.server()
    add_StatisticsServiceServicer_to_server(counter, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield counter, f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


async def _is(site: Site, path: str, status: int, **options: Any) -> bool:
    return (await site.get(path, **options)).status_code == status


def size(jpeg: bytes) -> tuple[int, int]:
    with av.open(BytesIO(jpeg), "r") as opened:
        frame = next(opened.decode(video=0))
        return frame.width, frame.height


async def test_livestream_has_a_thumbnail_live_and_recorded(here: Stage) -> None:
    """Before any picture 404; live the newest key frame, recorded one at each time, in the size that is asked for."""
    live = await here.begin()
    film = await recorded(here, MEDIA)
    async with origin(here) as site:
        path = f"/{live.record.livestream_id}/thumbnails/thumbnail.jpg"
        assert (await site.get(path)).status_code == 404
        await live.send(MEDIA)
        await until(lambda: _is(site, path, 200))
        answer = await site.get(f"{path}?width=64&height=64&fit=fill")
        assert (answer.headers["content-type"], size(answer.content)) == ("image/jpeg", (64, 64))
        assert answer.headers["cache-control"] == "public, max-age=2"

        path = f"/{film.record.broadcast_id}/thumbnails/thumbnail.jpg"
        pictures = [(await site.get(f"{path}?time={time}")).content for time in ("0s", "5s", "1h")]
        assert len(set(pictures)) == 3
        assert (await site.get(f"{path}?width=3000")).status_code == 400
        again = await site.get(
            f"{path}?time=5s", headers={"If-None-Match": (await site.get(f"{path}?time=5s")).headers["etag"]}
        )
        assert again.status_code == 304


async def test_uploaded_thumbnail_comes_first_and_a_bad_one_is_424(here: Stage) -> None:
    """As it is or in another size, even before the livestream was ever on air; a given time asks for the picture."""
    livestream, film = new_id(), await recorded(here, MEDIA)
    async with origin(here) as site:
        path = f"/{livestream}/thumbnails/thumbnail.jpg"
        picture = (await site.get(f"/{film.record.broadcast_id}/thumbnails/thumbnail.jpg")).content
        await here.objects.put("t/good", picture)
        await here.objects.put("t/bad", b"no image")
        await rule(here, livestream, thumbnail_object_key="t/good")
        await until(lambda: _is(site, path, 200))
        assert (await site.get(path)).content == picture
        assert size((await site.get(f"{path}?height=20")).content)[1] == 20
        assert (await site.get(f"{path}?time=1s")).status_code == 404
        await rule(here, livestream, thumbnail_object_key="t/bad")
        await until(lambda: _is(site, path, 424))


async def test_viewers_are_asked_of_stats_once_a_moment(here: Stage) -> None:
    """Many ask at the same time, stats is asked once; what is hidden or unknown is 403, what is idle has none."""
    broadcast, idle, hidden = await here.begin(), new_id(), new_id()
    async with stats() as (counter, address), origin(here, STATS_ADDRESS=address) as site:
        await rule(here, broadcast.record.livestream_id)
        await rule(here, idle)
        await rule(here, hidden, hide_viewer_count=True)
        path = f"/{broadcast.record.livestream_id}/views"
        await until(lambda: _is(site, path, 200))
        found = await asyncio.gather(*(site.get(path) for _ in range(20)))
        assert [each.json() for each in found] == [{"liveViewers": 7}] * 20
        assert counter.asked < 5
        assert (await site.get(f"/{idle}/views")).json() == {"liveViewers": 0}
        for path in (f"/{hidden}/views", f"/{new_id()}/views"):
            assert (await site.get(path)).status_code == 403


async def test_viewers_cannot_be_counted_while_stats_is_away(here: Stage) -> None:
    """503, and nothing is made up."""
    (port,) = free_ports(1)
    broadcast = await here.begin()
    async with origin(here, STATS_ADDRESS=f"127.0.0.1:{port}") as site:
        await rule(here, broadcast.record.livestream_id)
        await until(lambda: _is(site, f"/{broadcast.record.livestream_id}/views", 503))


async def test_file_has_the_name_that_was_asked_for(here: Stage) -> None:
    """By the vendor's path; a name of other characters, or too long, is refused."""
    film = await recorded(here, MEDIA)
    await here.objects.put(keys.download(film.record.store_prefix, "m4a"), b"sound")
    async with origin(here) as site:
        path = f"/{film.record.broadcast_id}/downloads/audio.m4a"
        answer = await site.get(f"{path}?filename=My-Talk_1")
        assert answer.headers["content-disposition"] == 'attachment; filename="My-Talk_1.m4a"'
        assert answer.content == b"sound"
        assert (await site.get(path)).headers["content-disposition"].endswith(f'"{film.record.broadcast_id}.m4a"')
        for name in ("a.b", "a%22b", "a" * 121):
            assert (await site.get(f"{path}?filename={name}")).status_code == 400


async def test_livestream_without_low_latency_has_plain_playlists(here: Stage) -> None:
    """Closed segments, no parts, no hints, and nobody is told that he may wait; who waits all the same does not."""
    broadcast = await here.begin()
    await broadcast.send(MEDIA)
    async with origin(here) as site:
        path = f"/{broadcast.record.broadcast_id}/video.m3u8"
        assert "EXT-X-PART" in (await site.get(path)).text
        await rule(here, broadcast.record.livestream_id, has_no_low_latency=True)
        await until(lambda: _is_plain(site, path))
        for query in ("", "?protocol=llhls", "?_HLS_msn=99&_HLS_part=3", "?_HLS_skip=YES"):
            text = (await site.get(f"{path}{query}")).text
            assert "#EXTINF" in text
            assert not [
                word for word in ("PART", "PRELOAD", "SERVER-CONTROL", "SKIP", "REPORT") if f"EXT-X-{word}" in text
            ]
            assert check_playlist(text) == []


async def _is_plain(site: Site, path: str) -> bool:
    return "EXT-X-PART" not in (await site.get(path)).text


async def test_page_of_a_protected_livestream_is_shown_by_allowed_sites_only(here: Stage) -> None:
    """The site's name must lead to the page, the browser is told who may frame it, and the page itself may fetch."""
    broadcast = await here.begin()
    await broadcast.send(MEDIA)
    livestream = broadcast.record.livestream_id
    async with origin(here) as site:
        path, playlist = f"/{livestream}/iframe", f"/{livestream}/index.m3u8"
        free = await site.get(path)
        assert free.headers["content-security-policy"].endswith("frame-ancestors *")
        await rule(here, livestream, allowed_origins=["example.com", "*.example.org", "bad; script-src *"])
        await until(lambda: _is(site, path, 403))
        page = await site.get(path, headers={"Referer": "https://example.com/a"})
        assert page.headers["content-security-policy"].endswith("frame-ancestors 'self' example.com *.example.org")
        assert page.headers["cache-control"].startswith("private")
        own = f"http://127.0.0.1:{site.port}{path}?autoplay=1"
        await until(lambda: _is(site, playlist, 200, headers={"Referer": own}))
        for headers in (
            {"Referer": f"http://127.0.0.1:{site.port}/"},
            {"Referer": f"http://evil.example{path}"},
            {"Referer": own, "Origin": "http://evil.example"},
        ):
            assert (await site.get(playlist, headers=headers)).status_code == 403
