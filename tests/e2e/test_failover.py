"""Two encoders, one program: who is killed, paused or cut off is replaced by the other, out of the log."""

import asyncio
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest

from tests.clients.browser import Viewers
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import REMARK, read_tracks
from tests.clients.playlist_recorder import Recording, ended, recording
from tests.clients.sequence import holes, jumps
from tests.e2e.harness.ingests import second_ingest
from tests.e2e.harness.livestream import Json, Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.timeout(300)]
FRAME = Fraction(1, 30)
LENGTH_S = 60.0
LONGEST_STALL_S = 5.0


@pytest.mark.parametrize(
    ("gop", "offset"),
    [
        pytest.param(60, 0, id="2s-aligned"),
        pytest.param(60, 25, id="2s-unaligned", marks=pytest.mark.slow),
        pytest.param(240, 0, id="8s-aligned", marks=pytest.mark.slow),
        pytest.param(240, 100, id="8s-unaligned", marks=pytest.mark.slow),
    ],
)
async def test_program_goes_on_when_the_encoder_or_the_ingest_on_air_dies(  # noqa: PLR0917  fixtures and two parameters
    beaten: Machine, audience: Viewers, films: Callable[[Film], Path], tmp_path: Path, gop: int, offset: int
) -> None:
    """The other instance takes over, nothing goes back by itself, a NATS restart switches nothing."""
    first_film, second_film = films(Film(LENGTH_S, gop=gop)), films(Film(LENGTH_S, gop=gop, keyframe_offset=offset))
    livestream = await Livestream.create(beaten)
    port = await second_ingest(beaten)
    with (
        Encoder(first_film, livestream.ingest(), tmp_path / "first") as first,
        Encoder(second_film, livestream.ingest("secondary", port=port), tmp_path / "second"),
    ):
        await livestream.on_air()
        player = await audience.hlsjs(livestream.playback)
        await player.plays(past_s=3)
        await livestream.until(_fed_by("primary"), "is fed by primary")
        async with recording(livestream.playback) as kept:
            await until(lambda: kept.closed_segments() >= 4, "segments", deadline_s=40)
            first.kill()
            switched = await livestream.until(_fed_by("secondary"), "is fed by secondary", deadline_s=10)
            with Encoder(first_film, livestream.ingest(), tmp_path / "back") as back:
                await livestream.until(_connected("primary"), "has primary back")
                await _restart_nats(beaten, livestream, kept)
                assert (await livestream.get())["sourceInstance"] == switched["sourceInstance"] == "secondary"
                beaten.kill("ingest-2")
                await livestream.until(_fed_by("primary"), "is fed by primary again", deadline_s=15)
                await _grows(kept, 2)
                await player.plays()
                await player.assert_well(longest_stall_s=LONGEST_STALL_S)
                back.kill()
            await ended(kept, deadline_s=60)
        assert (await player.look())["fatal"] == []
    (media,) = await livestream.recorded()
    await _assert_continuous(media["playouts"][0]["url"])
    await _assert_two_joins(media["playouts"][0]["url"], (first_film, second_film), gop)
    assert kept.violations() == []


async def _restart_nats(machine: Machine, livestream: Livestream, kept: Recording) -> None:
    await machine.running("nats", other_than=machine.kill("nats"))
    await _grows(kept, 1)
    assert (await livestream.get())["state"] == "LIVE"


async def _grows(kept: Recording, count: int) -> None:
    """Return when so many more segments have been closed."""
    video = kept.playlists["video.m3u8"]
    assert video.last is not None
    goal = video.last.closed[-1].msn + count
    await until(lambda: video.last is not None and video.last.closed[-1].msn >= goal, "segments", deadline_s=30)


def _fed_by(instance: str) -> Callable[[Json], bool]:
    return lambda livestream: bool(livestream["sourceInstance"] == instance)


def _connected(instance: str) -> Callable[[Json], bool]:
    return lambda livestream: any(way["instance"] == instance and way["isConnected"] for way in livestream["inputs"])


async def _assert_continuous(url: str) -> None:
    """At most one frame's time is missing anywhere, and all of it decodes without a word."""
    kept = await read_tracks(url)
    assert holes(kept.video, FRAME) == []
    assert holes(kept.audio, Fraction(1024, 48000)) == []
    command = ["nice", "ffmpeg", "-nostdin", "-v", "repeat+warning", "-i", url, "-f", "null", "-"]
    process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, words = await process.communicate()
    said = [line for line in words.decode(errors="replace").splitlines() if line.strip() and REMARK not in line]
    assert (process.returncode, said) == (0, [])


async def _assert_two_joins(url: str, films: tuple[Path, Path], gop: int) -> None:
    """The first join doubles or misses at most a GOP and what the encoders started apart; the second is a rewind."""
    sent, kept = [(await read_tracks(str(film))).video for film in films], await read_tracks(url)
    found = jumps(sent, kept.video)
    # The same frames at the same times are joined without a trace.
    assert len(found) in {1, 2}, found
    assert all(abs(each.by) <= gop + 60 for each in found[:-1]), found
    assert found[-1].by < 0, found
