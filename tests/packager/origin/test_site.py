"""What an origin answers beside the live edge: the store, recordings, unknown ids, conditions and ranges."""

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from headwater.internal.v1.onair_pb2 import Playback
from services.common.ids import new_id
from services.packager.hls.attributes import FIRST_MSN
from services.packager.hls.parse import parse_media
from services.packager.origin import follower
from tests.archiver.on_air import Broadcast, Stage, stage
from tests.archiver.running import archiver, until
from tests.clients.hls_rules import check_playlist
from tests.packager.origin.running import Site, origin, path_of
from tests.packager.program.encoder import Later, encode, messages
from tests.servers.nats import NatsServer
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.connected

LONG = Later(lambda: messages(encode(seconds=90), connection=5, closed=False))


async def recorded(here: Stage) -> Broadcast:
    """A broadcast that has ended and is complete in the store."""
    broadcast = await here.begin()
    async with archiver(here.environment):
        await broadcast.send(LONG[:100])
        await broadcast.end()
        await here.playback.change(broadcast.record.broadcast_id, _end)
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))
    return broadcast


def _end(record: Playback) -> None:
    if record.state == Playback.LIVE:
        record.state = Playback.ENDED


async def _answered(site: Site, path: str, text: str) -> httpx.Response:
    """Ask until the answer holds this text."""
    async with asyncio.timeout(20):
        while text not in (answer := await site.get(path)).text:  # noqa: ASYNC110  sets no event
            await asyncio.sleep(0.05)
        return answer


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("index.m3u8", 204),
        ("lifecycle", 200),
        ("video.m3u8", 404),
        ("video/0.m4s", 404),
        ("video/0.0.m4s", 404),
        ("video/init-0.mp4", 404),
        ("download/mp4", 404),
        ("downloads/default.mp4", 404),
        ("thumbnails/thumbnail.jpg", 404),
        ("views", 403),
        ("manifest/video.mpd", 501),
        ("watch", 200),
        ("nothing", 404),
    ],
)
async def test_unknown_id_is_answered_as_not_yet_live(here: Stage, path: str, status: int) -> None:
    """An id that nobody knows is not told from a livestream that was never on air."""
    async with origin(here) as site:
        answer = await site.get(f"/{new_id()}/{path}")

    assert answer.status_code == status


async def test_recording_keeps_the_address_of_the_broadcast(here: Stage) -> None:
    """The same URIs go from live to recorded; the playlist is whole, and segments are those that were live."""
    async with origin(here) as site:
        broadcast = await here.begin()
        await broadcast.send(LONG[:50])
        live = await site.get(path_of(broadcast, "video.m3u8"))
        segment = await site.get(path_of(broadcast, "video/0.m4s"))
        too_early = await site.get(path_of(broadcast, "video.vod.m3u8"))
        async with archiver(here.environment):
            await broadcast.send(LONG[50:])
            await broadcast.end()
            await here.playback.change(broadcast.record.broadcast_id, _end)
            vod = await _answered(site, path_of(broadcast, "video.vod.m3u8"), "PLAYLIST-TYPE:VOD")
        again = await site.get(path_of(broadcast, "video/0.m4s"))
        master = await site.get(f"/{broadcast.record.livestream_id}/index.m3u8")

    assert too_early.status_code == 404
    assert "video/0.m4s\n" in live.text
    assert "video/0.m4s\n" in vod.text
    assert vod.text.count("#EXTINF") == broadcast.program.ledger.msn
    assert vod.text.endswith("#EXT-X-ENDLIST\n")
    assert [str(each) for each in check_playlist(vod.text)] == []
    assert again.content == segment.content == broadcast.bytes_of("video", 0)
    assert again.headers["etag"] == segment.headers["etag"]
    assert f"../{broadcast.record.broadcast_id}/video.vod.m3u8" in master.text


async def test_who_has_followed_a_broadcast_is_told_its_end_in_the_list_that_he_has(
    here: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never begins earlier than it did, though the recording does, and who asks with directives finds its parts.

    Who asks without any may follow it for three target durations more; from then on he is taken for one who comes new.
    """
    async with origin(here) as site, archiver(here.environment):
        broadcast = await here.begin()
        await broadcast.send(LONG)
        live = parse_media((await site.get(path_of(broadcast, "video.m3u8"))).text)
        await broadcast.end()
        await here.playback.change(broadcast.record.broadcast_id, _end)
        master = await _answered(site, path_of(broadcast, "index.m3u8"), "\nvideo.vod.m3u8\n")
        whole = parse_media((await site.get(path_of(broadcast, "video.vod.m3u8"))).text)
        next_msn = broadcast.program.ledger.msn
        followed = [
            parse_media((await site.get(path_of(broadcast, f"video.m3u8?{query}"))).text)
            for query in ("", f"_HLS_msn={next_msn + FIRST_MSN}&_HLS_part=0", "_HLS_skip=YES")
        ]
        monkeypatch.setattr(follower, "LAST_RELOADS", 0)
        later = parse_media((await site.get(path_of(broadcast, "video.m3u8"))).text)

    assert 'URI="audio.vod.m3u8"' in master.text
    assert live.media_sequence > whole.media_sequence == 0
    assert later == whole
    assert all(each.media_sequence >= live.media_sequence for each in followed)
    assert [each.window.segments[-1].uri for each in followed] == [whole.window.segments[-1].uri] * 3
    assert [bool(each.window.segments[-1].parts) for each in followed] == [False, True, True]
    assert all(each.window.is_ended for each in (whole, *followed))


async def test_query_goes_to_every_address_of_a_recording(here: Stage) -> None:
    """A token in the query is on each URI, directives are not."""
    broadcast = await recorded(here)
    async with origin(here) as site:
        answer = await site.get(path_of(broadcast, "video.m3u8?token=x&_HLS_msn=3"))

    uris = [line for line in answer.text.splitlines() if not line.startswith("#")]
    assert uris
    assert all(uri.endswith(".m4s?token=x") for uri in uris)
    assert '.mp4?token=x"' in answer.text


async def test_segment_that_left_the_window_comes_from_the_store(here: Stage) -> None:
    """While it is live: what the list no longer has is fetched from S3, byte for byte."""
    async with origin(here) as site, archiver(here.environment):
        broadcast = await here.begin()
        await broadcast.send(LONG)
        await until(lambda: _is_stored(here, broadcast, "video/0.m4s"))
        playlist = await site.get(path_of(broadcast, "video.m3u8"))
        old = await site.get(path_of(broadcast, "video/0.m4s"))
        future = await site.get(path_of(broadcast, "video/4000.m4s"))

    assert "video/0.m4s" not in playlist.text
    assert old.content == broadcast.bytes_of("video", 0)
    assert future.status_code == 404


async def _is_stored(here: Stage, broadcast: Broadcast, path: str) -> bool:
    return await here.objects.exists(f"{broadcast.record.store_prefix}/{path}")


async def test_store_away_hurts_nothing_inside_the_window(
    own_nats: NatsServer, own_s3: S3Server, tmp_path: Path
) -> None:
    """Everything that is listed is served, also of a broadcast that has just ended; what is older is 503, not 404."""
    async with stage(own_nats, own_s3, tmp_path) as here, origin(here) as site:
        await here.objects.ensure_bucket()
        broadcast = await here.begin()
        await broadcast.send(LONG)
        await asyncio.to_thread(own_s3.kill)
        playlist = await site.get(path_of(broadcast, "video.m3u8"))
        listed = [line for line in playlist.text.splitlines() if line.endswith(".m4s")]
        answers = [await site.get(path_of(broadcast, uri)) for uri in listed]
        old = await site.get(path_of(broadcast, "video/0.m4s"))
        await broadcast.end()
        await here.playback.change(broadcast.record.broadcast_id, _end)
        ended = await _answered(site, path_of(broadcast, "video.m3u8"), "#EXT-X-ENDLIST")

    assert {each.status_code for each in answers} == {200}
    assert old.status_code == 503
    assert ended.status_code == 200


async def test_dashed_id_means_the_same(here: Stage) -> None:
    """A UUID with its dashes leads to the playlists under the plain id."""
    broadcast = await here.begin()
    await broadcast.send(LONG[:30])
    plain = broadcast.record.broadcast_id
    dashed = "-".join((plain[:8], plain[8:12], plain[12:16], plain[16:20], plain[20:]))
    async with origin(here) as site:
        answer = await site.get(f"/{dashed}/index.m3u8")
        media = await site.get(f"/{dashed}/video.m3u8")

    assert f"../{plain}/video.m3u8\n" in answer.text
    assert media.status_code == 200


async def test_livestream_has_no_media_of_its_own(here: Stage) -> None:
    """Its newest broadcast changes, and what an address of media means must not."""
    broadcast = await here.begin()
    await broadcast.send(LONG[:30])
    async with origin(here) as site:
        answers = [
            await site.get(f"/{broadcast.record.livestream_id}/{path}") for path in ("video.m3u8", "video/0.m4s")
        ]

    assert [each.status_code for each in answers] == [404, 404]


async def test_conditions_ranges_and_heads_are_honoured(here: Stage) -> None:
    """HEAD has the length, a range its bytes, a known tag 304; playlists come plain to those who take no gzip."""
    broadcast = await here.begin()
    await broadcast.send(LONG[:60])
    async with origin(here) as site:
        path = path_of(broadcast, "video/0.m4s")
        whole = await site.get(path)
        head = await site.client.head(path)
        part = await site.get(path, headers={"range": "bytes=10-19"})
        same = await site.get(path, headers={"if-none-match": whole.headers["etag"]})
        plain = await site.get(path_of(broadcast, "video.m3u8"), headers={"accept-encoding": "identity"})
        async with site.client.stream("GET", path_of(broadcast, "video.m3u8")) as packed:
            raw = b"".join([chunk async for chunk in packed.aiter_raw()])

    assert int(head.headers["content-length"]) == len(whole.content) == len(broadcast.bytes_of("video", 0))
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert same.status_code == 304
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(raw) == plain.content
    assert plain.headers["access-control-allow-origin"] == "*"


async def test_bandwidth_is_at_least_what_segments_have(here: Stage) -> None:
    """BANDWIDTH is not below any segment's rate in both renditions together (RFC 8216bis 4.4.6.2)."""
    broadcast = await here.begin()
    await broadcast.send(LONG[:100])
    async with origin(here) as site:
        master = await site.get(path_of(broadcast, "index.m3u8"))
        rates = {name: await _rates(site, broadcast, name) for name in ("video", "audio")}

    said = int(master.text.partition(":BANDWIDTH=")[2].partition(",")[0])
    assert said >= max(sum(pair) for pair in zip(*rates.values(), strict=True))


async def _rates(site: Site, broadcast: Broadcast, name: str) -> list[float]:
    """Bits a second of each closed segment, by the playlist's own durations."""
    lines = (await site.get(path_of(broadcast, f"{name}.m3u8"))).text.splitlines()
    lengths = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF")]
    uris = [line for line in lines if line and not line.startswith("#")]
    sizes = [len((await site.get(path_of(broadcast, uri))).content) for uri in uris]
    return [size * 8 / length for size, length in zip(sizes, lengths, strict=True)]


def _delete(record: Playback) -> None:
    record.state = Playback.GONE


def _withhold(record: Playback) -> None:
    record.is_withheld = True


@pytest.mark.parametrize("take_away", [_delete, _withhold])
async def test_deleted_recording_is_gone(here: Stage, take_away: Callable[[Playback], None]) -> None:
    """Its playlists answer as if it had never been, though its bytes were in the cache, and may come back."""
    broadcast = await recorded(here)
    async with origin(here) as site:
        assert (await site.get(path_of(broadcast, "video/0.m4s"))).status_code == 200
        await here.playback.change(broadcast.record.broadcast_id, take_away)

        async with asyncio.timeout(10):
            while (await site.get(path_of(broadcast, "index.m3u8"))).status_code != 204:  # noqa: ASYNC110  no event
                await asyncio.sleep(0.05)
        assert (await site.get(path_of(broadcast, "video/0.m4s"))).status_code == 404
