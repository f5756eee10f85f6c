"""Two encoders, one program: who is killed, paused or cut off is replaced by the other, out of the log."""

import asyncio
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest

from tests.clients.browser import Player, Viewers
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
LENGTH_S = 55.0
LONGEST_STALL_S = 5.0

KNOWN = "known: in about one run of six hls.js stands before a hole of 0.13 s that a switch has left in its buffer"
SMALLEST_HOLE_S, LARGEST_HOLE_S = 0.1, 0.3
RANGES = "() => Array.from(video.buffered, (_, n) => [video.buffered.start(n), video.buffered.end(n)])"


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
    own: Machine, audience: Viewers, films: Callable[[Film], Path], tmp_path: Path, gop: int, offset: int
) -> None:
    """The other instance takes over, nothing goes back by itself, a NATS restart switches nothing."""
    first_film, second_film = films(Film(LENGTH_S, gop=gop)), films(Film(LENGTH_S, gop=gop, keyframe_offset=offset))
    livestream = await Livestream.create(own)
    port = await second_ingest(own)
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
                await _restart_nats(own, livestream, kept)
                assert (await livestream.get())["sourceInstance"] == switched["sourceInstance"] == "secondary"
                own.kill("ingest-2")
                await livestream.until(_fed_by("primary"), "is fed by primary again", deadline_s=15)
                await _grows(kept, 2)
                is_well = await _plays_well(player)
                back.kill()
            await ended(kept, deadline_s=60)
        fatal = {each["details"] for each in (await player.look())["fatal"]}
        assert fatal <= (set() if is_well else {"bufferStalledError"})
    (media,) = await livestream.recorded()
    await _assert_continuous(media["playouts"][0]["url"])
    await _assert_two_joins(media["playouts"][0]["url"], (first_film, second_film), gop)
    assert kept.violations() == []
    if not is_well:  # only now, so that the known fault excuses nothing of the recording and of the playlists
        pytest.xfail(KNOWN)


async def _plays_well(player: Player) -> bool:
    """False for the one fault that is known; of any other the assertion."""
    try:
        await player.plays()
        await player.assert_well(longest_stall_s=LONGEST_STALL_S)
    except AssertionError:
        if not await _stood_before_a_hole(player):
            raise
        return False
    return True


async def _stood_before_a_hole(player: Player) -> bool:
    """True if it stands at the end of what is buffered with the next range just beyond, or has skipped such a hole."""
    ranges: list[tuple[float, float]] = await player.page.evaluate(RANGES)
    gaps = [(end, begin) for (_, end), (begin, _) in pairwise(ranges) if begin - end < LARGEST_HOLE_S]
    for stall in await player.stalls():
        stands = any(end - LARGEST_HOLE_S < stall.time <= begin for end, begin in gaps)
        has_skipped = SMALLEST_HOLE_S < stall.to - stall.time < 2 * LARGEST_HOLE_S
        if stall.ms > LONGEST_STALL_S * 1000 and (stands or has_skipped):
            return True
    return False


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
