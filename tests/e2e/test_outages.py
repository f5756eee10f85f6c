"""Programs and servers die in the middle of live streams: every frame is kept, and viewers stay."""

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.clients.browser import Player, Stall, Viewers
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import read_tracks
from tests.clients.playlist_recorder import Recording, ended, recording
from tests.e2e.harness.blows import Aim, Blow, Striker
from tests.e2e.harness.dials import dial
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.tick_watch import ticks
from tests.e2e.harness.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.browser]
AIMLESS = ("origin", "api", "stats")
ENOUGH_FOR_SHAKA = 3
LONGEST_STALL_S = {"packager": 3.0, "nats": 5.0}
"""What the death of each may cost a viewer (docs/design.md, "What an outage may cost"); nothing else's is felt."""

LEISURE_S = 2.0
"""What a crowded machine may need beyond that for a packager where nothing is measured."""

APART_S = 3.5
"""Between two blows that viewers feel: a stall is then one outage's, as the table of section 6 has it."""


@dataclass(frozen=True)
class Storm:
    """How much dies, and within which time."""

    streams: int
    aims: tuple[Aim, ...]
    """Of the blows that packagers get."""

    kills: int
    """Of each other program; archivers in mid-PUT."""

    restarts: int
    """Of each server."""

    seconds: float
    leisure_s: float = 0.0
    has_shaka: bool = False

    def plan(self, dice: random.Random) -> list[Blow]:
        """What is killed when, in the middle of what."""
        first, last = self.seconds * 0.2, self.seconds * 0.85
        felt = [("packager", aim) for aim in self.aims] + [("nats", Aim.NOTHING)] * self.restarts
        dice.shuffle(felt)
        slot = (last - first) / len(felt)
        blows = [
            Blow(first + number * slot + dice.uniform(0, slot - APART_S), target, aim)
            for number, (target, aim) in enumerate(felt)
        ]
        others = [("archiver", Aim.PUT), *((name, Aim.NOTHING) for name in AIMLESS)] * self.kills
        others += [("redis", Aim.NOTHING)] * self.restarts
        return sorted(blows + [Blow(dice.uniform(first, last), target, aim) for target, aim in others])


SHORT = Storm(streams=2, aims=(Aim.PART, Aim.WRITE), kills=1, restarts=1, seconds=24, leisure_s=LEISURE_S)
LONG = Storm(streams=5, aims=(Aim.PART, Aim.WRITE) * 5, kills=10, restarts=2, seconds=240, has_shaka=True)


@pytest.mark.parametrize(
    "storm",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(240)),
        pytest.param(LONG, id="long", marks=[pytest.mark.slow, pytest.mark.timeout(1800)]),
    ],
)
async def test_every_program_is_killed_and_every_frame_is_kept(
    beaten: Machine, audience: Viewers, films: Callable[[Film], Path], tmp_path: Path, storm: Storm
) -> None:
    """kill -9 at aimed and seeded moments: recordings are whole, players and playlists know of nothing."""
    dice = random.Random(dial("SEED", 1))
    packagers = ["packager", beaten.more("packager")]
    film = films(Film(storm.seconds + 4))
    livestreams = [await Livestream.create(beaten, reconnect_window_s=5) for _ in range(storm.streams)]
    await beaten.log_says(packagers[-1], '"event":"started"')
    async with AsyncExitStack() as stack:
        watch = await stack.enter_async_context(ticks(beaten.environment["HEADWATER_NATS_URL"]))
        encoders = [
            stack.enter_context(Encoder(film, each.ingest(), tmp_path / f"encoder-{number}"))
            for number, each in enumerate(livestreams)
        ]
        await asyncio.gather(*(each.on_air() for each in livestreams))
        began = asyncio.get_running_loop().time()
        kept = [await stack.enter_async_context(recording(each.playback)) for each in livestreams]
        player = await audience.hlsjs(livestreams[0].playback)
        await player.plays()
        shaka = await _shaka(audience, livestreams[0], kept[0]) if storm.has_shaka else None
        striker = Striker(beaten, packagers, watch, dice)
        await striker.strike(storm.plan(dice), began)
        if shaka is not None:
            assert (await shaka.look())["fatal"] == []
            await shaka.page.close()
        for encoder in encoders:
            await encoder.sent_all(deadline_s=storm.seconds + 60)
        await asyncio.gather(*(ended(each, deadline_s=60) for each in kept))
        await player.shows_all(deadline_s=30)
    await _assert_whole(livestreams, film)
    await player.assert_well(longest_stall_s=max(LONGEST_STALL_S.values()))
    assert await _too_long(player, striker.struck, storm.leisure_s) == []
    assert [broken for each in kept for broken in each.violations()] == []


async def _too_long(player: Player, struck: list[tuple[float, str]], leisure_s: float) -> list[tuple[str, Stall]]:
    """Stalls beyond what the outage before them may cost, with what died."""
    seen = await player.look()
    opened = asyncio.get_running_loop().time() - seen["now"] / 1000
    found = []
    for stall in await player.stalls():
        dead = [target for at, target in struck if target in LONGEST_STALL_S and at < opened + stall.at / 1000]
        if dead and stall.ms > (LONGEST_STALL_S[dead[-1]] + leisure_s) * 1000:
            found.append((dead[-1], stall))
    return found


async def _shaka(audience: Viewers, livestream: Livestream, kept: Recording) -> Player:
    """Shaka looks for whole segments, so it comes when there are some."""
    await until(lambda: kept.closed_segments() >= ENOUGH_FOR_SHAKA, "segments for Shaka", deadline_s=30)
    player = await audience.shaka(livestream.playback)
    await player.plays()
    return player


async def _assert_whole(livestreams: list[Livestream], film: Path) -> None:
    sent = await read_tracks(str(film))
    for livestream in livestreams:
        (media,) = await livestream.recorded(deadline_s=120)
        await livestream.compare(sent, media)
