"""A live broadcast as viewers ask for it: what is there, what is waited for, and what never comes."""

import asyncio

import httpx
import pytest

from headwater.internal.v1.onair_pb2 import OnAir, Playback, Rules
from services.common.ids import new_id
from services.packager.hls.attributes import FIRST_MSN
from services.packager.origin.follower import Follower
from tests.archiver.on_air import Broadcast, Stage
from tests.packager.origin.running import Site, origin, path_of
from tests.packager.program.encoder import Later, encode, messages

pytestmark = pytest.mark.connected

MEDIA = messages(encode(seconds=10), connection=5, closed=False)
HALF = len(MEDIA) // 2
LONG_GOP = Later(lambda: messages(encode(seconds=14, gop_s=17), connection=5, closed=False))


async def half(here: Stage, **options: bool) -> Broadcast:
    """A broadcast of which half has come in."""
    broadcast = await here.begin(**options)
    await broadcast.send(MEDIA[:HALF])
    return broadcast


def edge(broadcast: Broadcast) -> tuple[int, int]:
    """Number of the open segment, and how many parts it has."""
    ledger = broadcast.program.ledger
    return ledger.msn, ledger.part


async def test_blocked_reload_is_answered_when_the_part_is_in_the_log(here: Stage) -> None:
    """The answer names the part asked for, and comes for no other tick."""
    async with origin(here) as site:
        broadcast = await half(here)
        await site.get(path_of(broadcast, "index.m3u8"))
        msn, part = edge(broadcast)

        blocked = site.ask(path_of(broadcast, f"video.m3u8?_HLS_msn={msn + FIRST_MSN}&_HLS_part={part}"))
        await site.waiting(1)
        await broadcast.send(MEDIA[HALF:])
        answer = await blocked

    assert answer.status_code == 200
    assert f'URI="video/{msn}.{part}.m4s"' in answer.text
    assert answer.headers["cache-control"] == "public, max-age=2"
    assert answer.headers["content-encoding"] == "gzip"


async def test_hinted_part_is_held_until_it_comes(here: Stage) -> None:
    """A request for the part that the playlist hints at gets its bytes, and the segment is its parts joined."""
    async with origin(here) as site:
        broadcast = await half(here)
        msn, part = edge(broadcast)
        playlist = await site.get(path_of(broadcast, "video.m3u8"))
        assert f'PRELOAD-HINT:TYPE=PART,URI="video/{msn}.{part}.m4s"' in playlist.text

        hinted = site.ask(path_of(broadcast, f"video/{msn}.{part}.m4s"))
        await site.waiting(1)
        await broadcast.send(MEDIA[HALF:])
        assert (await hinted).status_code == 200
        parts = [await site.get(path_of(broadcast, f"video/{msn}.{n}.m4s")) for n in range(6)]
        whole = await site.get(path_of(broadcast, f"video/{msn}.m4s"))

    assert parts[part].content == (await hinted).content
    assert whole.content == b"".join(each.content for each in parts) == broadcast.bytes_of("video", msn)
    assert whole.headers["cache-control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("_HLS_part=1", "needs _HLS_msn"),
        ("_HLS_msn=99", "ahead"),
        ("_HLS_msn=x", "decimal"),
        ("_HLS_msn=1&_HLS_msn=2", "twice"),
        ("_HLS_skip=perhaps", "neither"),
    ],
)
async def test_impossible_directives_are_refused_in_words(here: Stage, query: str, says: str) -> None:
    """A part without a segment, a segment far ahead, nonsense: 400, at once."""
    async with origin(here) as site:
        broadcast = await half(here)

        answer = await site.get(path_of(broadcast, f"video.m3u8?{query}"))

    assert answer.status_code == 400
    assert says in answer.text


async def test_gap_is_answered_with_the_unchanged_playlist(here: Stage) -> None:
    """After three target durations without media a blocked reload gets 200 and what there is; a hinted part 404."""
    async with origin(here) as site:
        broadcast = await half(here)
        msn, part = edge(broadcast)
        plain = await site.get(path_of(broadcast, "video.m3u8"))

        playlist = site.ask(path_of(broadcast, f"video.m3u8?_HLS_msn={msn + FIRST_MSN}&_HLS_part={part}"))
        hinted = site.ask(path_of(broadcast, f"video/{msn}.{part}.m4s"))
        await site.waiting(2)
        late = await playlist

    assert late.status_code == 200
    assert late.text == plain.text
    assert late.headers["cache-control"] == "no-cache"
    assert (await hinted).status_code == 404


async def test_viewer_who_goes_away_frees_what_he_held(here: Stage) -> None:
    """Requests that are given up are forgotten at once."""
    async with origin(here) as site:
        broadcast = await half(here)
        await site.get(path_of(broadcast, "index.m3u8"))
        msn, part = edge(broadcast)
        path = path_of(broadcast, f"video.m3u8?_HLS_msn={msn + FIRST_MSN}&_HLS_part={part}")

        blocked = [site.ask(path) for _ in range(20)]
        await site.waiting(20)
        for each in blocked:
            each.cancel()
        await site.waiting(0)

        assert (await site.get(path_of(broadcast, "video.m3u8"))).status_code == 200


async def test_broadcast_that_is_opening_is_waited_for(here: Stage) -> None:
    """On air and no picture yet: the first playlist is held, and comes with the first tick."""
    async with origin(here) as site:
        broadcast = await here.begin()

        opening = site.ask(path_of(broadcast, "index.m3u8"))
        await site.waiting(1)
        await broadcast.send(MEDIA[:HALF])

        assert (await opening).status_code == 200
        assert "RESOLUTION=160x90" in (await opening).text


async def test_late_origin_begins_in_the_middle_of_the_first_segment(here: Stage) -> None:
    """A packager that has just taken over says the state again; who reads from there would number parts wrongly."""
    broadcast = await here.begin()
    await broadcast.send(LONG_GOP[:40])
    assert edge(broadcast)[0] == 0
    await broadcast._write(next(broadcast.program.speak()))
    begun = edge(broadcast)
    async with origin(here) as late:
        opening = late.ask(path_of(broadcast, "video.m3u8"))
        await late.waiting(1)
        await broadcast.send(LONG_GOP[40:])
        await opening
        segment = await late.get(path_of(broadcast, "video/0.m4s"))
        part = await late.get(path_of(broadcast, "video/0.0.m4s"))

    assert begun > (0, 0)
    assert segment.content == broadcast.bytes_of("video", 0)
    assert segment.content.startswith(part.content)


async def test_ticks_of_several_messages_are_followed(here: Stage) -> None:
    """On a server that takes small messages only an origin finds the window and the parts all the same."""
    broadcast = await here.begin()
    broadcast.cut_to(6_000)
    await broadcast.send(MEDIA)
    async with origin(here) as late:
        answer = await late.get(path_of(broadcast, "video.m3u8"))
        segment = await late.get(path_of(broadcast, "video/1.m4s"))

    msn, part = edge(broadcast)
    assert f'URI="video/{msn}.{part - 1}.m4s"' in answer.text
    assert segment.content == broadcast.bytes_of("video", 1)


async def test_end_leaves_parts_segments_and_an_ended_playlist(here: Stage) -> None:
    """Who was at the edge when it ended still gets what he was about to fetch."""
    async with origin(here) as site:
        broadcast = await here.begin(record=False)
        await broadcast.send(MEDIA)
        playlist = await site.get(path_of(broadcast, "video.m3u8"))
        last = playlist.text.rpartition("#EXT-X-PART:")[2].partition('URI="')[2].partition('"')[0]
        msn, _ = edge(broadcast)
        blocked = site.ask(path_of(broadcast, f"video.m3u8?_HLS_msn={msn + 1 + FIRST_MSN}&_HLS_part=0"))
        await site.waiting(1)

        await broadcast.end()
        await here.playback.change(broadcast.record.broadcast_id, _ended)

        later = await site.get(path_of(broadcast, "video.m3u8"))
        assert (await blocked).text.endswith("#EXT-X-ENDLIST\n")
        assert f'URI="{last}"' in (await blocked).text
        assert later.text.endswith("#EXT-X-ENDLIST\n")
        assert "#EXT-X-PART:" not in later.text
        assert (await site.get(path_of(broadcast, last))).status_code == 200
        assert (await site.get(path_of(broadcast, f"video/{msn}.m4s"))).status_code == 200
        assert (await site.get(path_of(broadcast, "video.m3u8"))).text.endswith("#EXT-X-ENDLIST\n")


def _ended(record: Playback) -> None:
    record.state = Playback.ENDED


async def test_origins_are_equal_byte_for_byte(here: Stage) -> None:
    """One that has been there from the start and one that came later answer alike."""
    async with origin(here) as first, origin(here) as second:
        broadcast = await half(here)
        assert (await first.get(path_of(broadcast, "index.m3u8"))).status_code == 200
        await broadcast.send(MEDIA[HALF:])
        for path in (
            "index.m3u8",
            "video.m3u8",
            "audio.m3u8",
            "video/0.m4s",
            "video/3.0.m4s",
            "video.m3u8?_HLS_skip=v2",
        ):
            one, other = await first.get(path_of(broadcast, path)), await second.get(path_of(broadcast, path))
            assert one.status_code == other.status_code == 200, path
            assert one.content == other.content
            assert one.headers.get("etag") == other.headers.get("etag")


async def test_idle_broadcast_is_let_go_and_taken_up_again(here: Stage) -> None:
    """Nobody asks for a while: it is followed no longer; the next request finds it as it is then."""
    async with origin(here) as site:
        broadcast = await half(here)
        await site.get(path_of(broadcast, "video.m3u8"))
        assert len(site.app.directory.followers) == 1

        async with asyncio.timeout(20):
            while site.app.directory.followers:  # noqa: ASYNC110  sets no event
                await asyncio.sleep(0.05)
        await broadcast.send(MEDIA[HALF:])
        answer = await site.get(path_of(broadcast, "video.m3u8"))

    msn, part = edge(broadcast)
    assert f'URI="video/{msn}.{part - 1}.m4s"' in answer.text


async def test_memory_is_let_go_with_the_window(here: Stage) -> None:
    """What has left the window by more than a few segments is neither kept as bytes nor as a response."""
    async with origin(here) as site:
        broadcast = await here.begin()
        await site.get(path_of(broadcast, "lifecycle"))
        long = messages(encode(seconds=90, gop_s=2.0), connection=5, closed=False)
        await broadcast.send(long[:60])
        for msn in range(2):
            await site.get(path_of(broadcast, f"video/{msn}.m4s"))
        (follower,) = site.app.directory.followers
        assert len(follower.media) == 2
        await broadcast.send(long[60:])
        await _caught_up(follower, broadcast)

        assert len(follower.media) == 0
        assert len(follower.program.tracks[0].kept) <= 15 + 1 + 4 + 1


async def _caught_up(follower: Follower, broadcast: Broadcast) -> None:
    async with asyncio.timeout(20):
        while follower.program.ledger.last_sequence < broadcast.program.ledger.last_sequence:  # noqa: ASYNC110  no event
            await asyncio.sleep(0.02)


async def test_livestream_leads_to_its_newest_broadcast(here: Stage) -> None:
    """The multivariant playlist of a livestream names the playlists of one broadcast, and the next one's later."""
    async with origin(here) as site:
        first = await half(here)
        livestream = first.record.livestream_id
        before = await site.get(f"/{livestream}/index.m3u8?token=a%20b&_HLS_msn=1")
        on_air = OnAir(broadcast_id=new_id(), start_time_us=first.record.start_time_us + 1, rules=Rules(record=True))
        record = await here.playback.begin(livestream, on_air)
        second = Broadcast(record, await here.spine.media(0), await here.spine.cmaf(0))
        await second.send(MEDIA[:HALF])
        after = await _changed(site, f"/{livestream}/index.m3u8", first)

    assert f"../{first.record.broadcast_id}/video.m3u8?token=a%20b\n" in before.text
    assert before.headers["cache-control"] == "public, max-age=1"
    assert f"../{second.record.broadcast_id}/video.m3u8\n" in after.text


async def _changed(site: Site, path: str, was: Broadcast) -> httpx.Response:
    async with asyncio.timeout(10):
        while was.record.broadcast_id in (answer := await site.get(path)).text:  # noqa: ASYNC110  sets no event
            await asyncio.sleep(0.05)
        return answer
