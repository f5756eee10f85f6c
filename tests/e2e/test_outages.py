"""Programs and servers die in the middle of live streams: every frame is kept, and viewers stay."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.browser import Viewers
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import read_tracks
from tests.clients.playlist_recorder import ended, recording
from tests.e2e.harness.dials import dial
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
PROGRAMS = ("packager", "origin", "archiver", "api", "stats")
SERVERS = ("redis", "nats")


@dataclass(frozen=True)
class Storm:
    """How much dies, and within which time."""

    streams: int
    kills: int
    """Of each program."""

    seconds: float
    longest_stall_s: float

    def plan(self, seed: int) -> list[tuple[float, str]]:
        """When (seconds after the start) what is killed; some at once, and each server once."""
        dice = random.Random(seed)
        first, last = self.seconds * 0.2, self.seconds * 0.85
        moments = [(dice.uniform(first, last), name) for name in PROGRAMS for _ in range(self.kills)]
        moments += [(dice.uniform(first, last), name) for name in SERVERS]
        return sorted(moments)


SHORT = Storm(streams=2, kills=1, seconds=24, longest_stall_s=5)
LONG = Storm(streams=5, kills=10, seconds=240, longest_stall_s=5)


@pytest.mark.parametrize(
    "storm",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(240)),
        pytest.param(LONG, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
async def test_every_program_is_killed_and_every_frame_is_kept(
    own: Machine, audience: Viewers, films: Callable[[Film], Path], tmp_path: Path, storm: Storm
) -> None:
    """kill -9 at seeded moments under live streams: recordings are whole, players and playlists know of nothing."""
    seed = dial("SEED", 1)
    film = films(Film(storm.seconds + 4))
    livestreams = [await Livestream.create(own, reconnect_window_s=5) for _ in range(storm.streams)]
    async with AsyncExitStack() as stack:
        encoders = [
            stack.enter_context(Encoder(film, each.ingest(), tmp_path / f"encoder-{number}"))
            for number, each in enumerate(livestreams)
        ]
        await asyncio.gather(*(each.on_air() for each in livestreams))
        began = asyncio.get_running_loop().time()
        kept = [await stack.enter_async_context(recording(each.playback)) for each in livestreams]
        player = await audience.hlsjs(livestreams[0].playback)
        await player.plays()
        await _kill(own, storm.plan(seed), began)
        for encoder in encoders:
            await encoder.sent_all(deadline_s=storm.seconds + 60)
        await asyncio.gather(*(ended(each, deadline_s=60) for each in kept))
        await player.until(lambda seen: seen["ended"], "the end", deadline_s=30)
    await _assert_whole(livestreams, film)
    await player.assert_well(longest_stall_s=storm.longest_stall_s)
    assert [broken for each in kept for broken in each.violations()] == []


async def _kill(machine: Machine, plan: list[tuple[float, str]], began: float) -> None:
    loop = asyncio.get_running_loop()
    for at, name in plan:
        await asyncio.sleep(max(0.0, began + at - loop.time()))  # the plan's moment, not a wait for something
        await machine.running(name)
        machine.kill(name)


async def _assert_whole(livestreams: list[Livestream], film: Path) -> None:
    sent = await read_tracks(str(film))
    for livestream in livestreams:
        (media,) = await livestream.recorded(deadline_s=120)
        await livestream.compare(sent, media)
