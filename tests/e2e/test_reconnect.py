"""The encoder goes away: back in time it is the same broadcast, back too late the next one."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.clients.browser import Player, Viewers
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import Frame, read_tracks
from tests.clients.playlist_recorder import Recording, ended, recording
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.logs import events
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import eventually, until

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
PLAYING_AGAIN_S = 5.0
LEISURE_S = 10.0
"""What a crowded machine may need beyond that where nothing is measured."""

DATE_TOLERANCE_S = 0.1


@pytest.mark.parametrize(
    ("away_s", "second"),
    [
        pytest.param(5.0, Film(12.0), id="soon", marks=pytest.mark.timeout(180)),
        pytest.param(5.0, Film(12.0, size="480x270", gop=45), id="resized", marks=pytest.mark.timeout(180)),
        pytest.param(90.0, Film(20.0), id="late", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
        pytest.param(
            90.0, Film(20.0, size="480x270"), id="late-resized", marks=[pytest.mark.slow, pytest.mark.timeout(600)]
        ),
    ],
)
async def test_encoder_killed_and_back_goes_on_in_the_same_broadcast(  # noqa: PLR0917  fixtures and two parameters
    gentle: Machine,
    audience: Viewers,
    films: Callable[[Film], Path],
    tmp_path: Path,
    away_s: float,
    second: Film,
) -> None:
    """One broadcast, one media, a discontinuity with the right date; hls.js waits and plays on."""
    first_film, second_film = films(Film(60.0)), films(second)
    livestream = await Livestream.create(gentle, reconnect_window_s=int(away_s) + 6)
    with Encoder(first_film, livestream.ingest(), tmp_path / "first") as first:
        broadcast = await livestream.on_air()
        player = await audience.hlsjs(livestream.playback)
        await player.plays(past_s=5)
        async with recording(livestream.playback) as kept:
            await until(lambda: kept.closed_segments() >= 2, "segments", deadline_s=30)
            first.kill()
            await asyncio.sleep(away_s)  # how long it is away is the test
            with Encoder(second_film, livestream.ingest(), tmp_path / "second") as back:
                assert await livestream.on_air() == broadcast
                await _plays_after_the_gap(player, within_s=PLAYING_AGAIN_S + (0 if away_s > 60 else LEISURE_S))
                await back.sent_all(deadline_s=60)
            await ended(kept, deadline_s=away_s + 60)
        await player.shows_all(deadline_s=30)
        assert (await player.look())["fatal"] == []
    (media,) = await livestream.recorded()
    assert media["broadcastId"] == broadcast
    assert kept.violations() == []
    _assert_dated(kept, _connected_at(gentle) + await _held_back(second_film))
    await _assert_tail(media["playouts"][0]["url"], second_film)


async def test_encoder_away_for_longer_than_the_window_begins_a_new_broadcast_that_an_open_page_plays(
    gentle: Machine, audience: Viewers, films: Callable[[Film], Path], tmp_path: Path
) -> None:
    """ENDLIST and a recording; the next push is another broadcast, and a page left open plays it by itself."""
    film = films(Film(9.0))
    livestream = await Livestream.create(gentle, reconnect_window_s=2)
    page = await audience.page(livestream.watch)
    broadcasts: list[str] = []
    for number in (1, 2):
        with Encoder(film, livestream.ingest(), tmp_path / f"encoder-{number}") as encoder:
            broadcasts.append(await eventually(livestream.on_air, _other_than(broadcasts), "on air", deadline_s=40))
            await eventually(
                lambda: page.evaluate("[headwater.broadcast, document.getElementById('video').currentTime]"),
                lambda shown: shown[0] == broadcasts[-1] and shown[1] > 1,
                "the page plays it",
                deadline_s=40,
            )
            await encoder.sent_all(deadline_s=60)
        media = await livestream.recorded(count=number)
        assert media[0]["broadcastId"] == broadcasts[-1]
    assert await page.evaluate("window.headwater.fatal") == 0
    assert len({each["id"] for each in await livestream.broadcasts()}) == 2


def _other_than(known: list[str]) -> Callable[[str], bool]:
    return lambda found: found not in known


async def _plays_after_the_gap(player: Player, *, within_s: float) -> None:
    before = await player.look()
    await player.until(
        lambda seen: seen["time"] > before["time"] + 0.5 and seen["standingMs"] < 300,
        "the picture goes on after the gap",
        deadline_s=within_s,
    )


def _connected_at(machine: Machine) -> datetime:
    """When the last encoder was let in."""
    lines = [line for line in events(machine.home.log_path("ingest")) if line["event"] == "encoder connected"]
    return datetime.fromisoformat(str(lines[-1]["timestamp"]))


async def _held_back(film: Path) -> timedelta:
    """How long ffmpeg keeps the first picture, which it has at once: until it has the sound that goes with it."""
    sent = await read_tracks(str(film))
    return timedelta(seconds=float(sent.audio[0].dts - sent.video[0].dts))


def _assert_dated(kept: Recording, sent: datetime) -> None:
    """After the discontinuity the dates are those of the second push, of picture and sound alike."""
    dates = {name: _dates(kept, name) for name in ("video.m3u8", "audio.m3u8")}
    msn = max(msn for msn, (_, is_joint) in dates["video.m3u8"].items() if is_joint)
    assert [is_joint for _, is_joint in dates["video.m3u8"].values()].count(True) == 1
    assert abs((dates["video.m3u8"][msn][0] - sent).total_seconds()) <= DATE_TOLERANCE_S
    for number, (date, _) in dates["video.m3u8"].items():
        if number > msn:  # at the joint itself each begins where it ended before
            assert abs((dates["audio.m3u8"][number][0] - date).total_seconds()) <= DATE_TOLERANCE_S, number


def _dates(kept: Recording, name: str) -> dict[int, tuple[datetime, bool]]:
    """Of each listed segment its date, and whether a discontinuity begins it."""
    last = kept.playlists[name].last
    assert last is not None
    return {item.msn: (item.time, item.starts_discontinuity) for item in last.items if item.time is not None}


async def _assert_tail(url: str, film: Path) -> None:
    """What came after the gap is in the recording to its last frame."""
    sent, kept = await read_tracks(str(film)), await read_tracks(url)
    assert _names(kept.video)[-len(sent.video) :] == _names(sent.video)
    assert _names(kept.audio)[-len(sent.audio) :] == _names(sent.audio)


def _names(frames: tuple[Frame, ...]) -> list[str]:
    return [frame.md5 for frame in frames]
