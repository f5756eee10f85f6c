"""What a viewer sees of a healthy livestream, and what the playlists say that served it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.clients.browser import Player, Viewers
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.playlist_recorder import ended, recording
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine

LEAST_SHOWN = 2 / 3
"""Of a short film: the beginning is over when the players come, and a crowded machine leaves pictures out."""

LONG_S = 300.0
LENGTHS = [20.0, pytest.param(LONG_S, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.mark.browser
@pytest.mark.parametrize("seconds", LENGTHS)
@pytest.mark.parametrize(
    "kind", [Film(1, b_frames=0), Film(1, b_frames=2), Film(1, b_frames=0, rate=25, gop=50)], ids=["0", "2", "25fps"]
)
async def test_players_follow_a_livestream_without_an_error(  # noqa: PLR0917  fixtures and two parameters
    gentle: Machine,
    audience: Viewers,
    films: Callable[[Film], Path],
    tmp_path: Path,
    kind: Film,
    seconds: float,
) -> None:
    """Both as they come, with low latency from the first segment on, to the end; no version breaks a rule."""
    film_of = replace(kind, seconds=seconds)
    # hls.js gives a blocked reload 0.8 target durations, 1.6 s, and calls it an error if the end is told later.
    livestream = await Livestream.create(gentle, reconnect_window_s=1)
    with Encoder(films(film_of), livestream.ingest(), tmp_path / "encoder") as encoder:
        await livestream.on_air()
        async with recording(livestream.playback) as kept:
            hlsjs = await audience.hlsjs(livestream.playback)
            await hlsjs.plays()  # two pages that start at once on two cores are no viewer's machine
            shaka = await audience.shaka(livestream.playback)
            await shaka.plays()
            await _until_near_the_end(hlsjs, seconds)
            for player in (shaka, hlsjs):
                await _assert_served_well(player, seconds)
            await encoder.sent_all(deadline_s=seconds + 30)
            await ended(kept, deadline_s=30)
            for player in (shaka, hlsjs):
                seen = await player.until(lambda seen: seen["ended"], "the end", deadline_s=20)
                assert (player.kind, seen["fatal"]) == (player.kind, [])
                assert seen["shown"] > film_of.rate * seconds * LEAST_SHOWN, f"{player.kind} shows few frames"
    assert kept.violations() == []
    assert kept.statuses() == []


async def _until_near_the_end(player: Player, seconds: float) -> None:
    await player.until(lambda seen: seen["time"] > seconds - 6, "most of it has been played", deadline_s=seconds + 20)


async def _assert_served_well(player: Player, seconds: float) -> None:
    """At leisure no error at all; on a crowded machine nothing worse than a short stop for want of a turn."""
    await player.assert_well(longest_stall_s=1.0 if seconds >= LONG_S else 3.0)
    seen = await player.look()
    errors = seen["errors"]
    if seconds < LONG_S:
        errors = [each for each in errors if each["details"] != "bufferStalledError"]
    assert errors == [], f"{player.kind}: {errors}; without a turn {seen['absent']}"
