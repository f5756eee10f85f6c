"""What a viewer sees of a healthy livestream, and what the playlists say that served it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.browser import Viewers
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.playlist_recorder import ended, recording
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import until

ENOUGH_FOR_SHAKA = 3
"""Shaka 5.2 looks into the segment in the middle and its neighbours, and fails if one of them is not whole yet."""

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]


@pytest.mark.browser
@pytest.mark.parametrize("seconds", [20.0, pytest.param(300.0, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
async def test_players_follow_a_livestream_without_an_error(
    gentle: Machine, audience: Viewers, films: Callable[[Film], Path], tmp_path: Path, seconds: float
) -> None:
    """hls.js and Shaka as they come play from the first to the last second, and no version breaks a rule."""
    film = films(Film(seconds))
    livestream = await Livestream.create(gentle, reconnect_window_s=2)
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        await livestream.on_air()
        async with recording(livestream.playback) as kept:
            players = [await audience.hlsjs(livestream.playback)]
            await until(lambda: kept.closed_segments() >= ENOUGH_FOR_SHAKA, "segments for Shaka", deadline_s=30)
            players.append(await audience.shaka(livestream.playback))
            for player in players:
                await player.plays()
            await encoder.sent_all(deadline_s=seconds + 30)
            await ended(kept, deadline_s=30)
            for player in players:
                await player.until(lambda seen: seen["ended"], "the end", deadline_s=20)
                await player.assert_well(longest_stall_s=1)
    assert kept.violations() == []
    assert kept.statuses() == []
