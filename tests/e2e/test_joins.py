"""Many failovers in one broadcast: a player that is held up at one of twenty is found here."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.clients.browser import Viewers
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.playlist_recorder import Recording, ended, recording
from tests.e2e.harness.livestream import Json, Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]
JOINS = 14
LONGEST_STALL_S = 2.0
LONGEST_HOLE_S = 0.25
"""hls.js takes a segment for loaded of which 0.2 s are missing, and plays over the hole (docs/players.md)."""


@pytest.mark.parametrize("has_heir", [False, True], ids=["first-packager", "heir"])
async def test_player_is_held_up_by_none_of_many_failovers(
    beaten: Machine, audience: Viewers, films: Callable[[Film], Path], tmp_path: Path, *, has_heir: bool
) -> None:
    """Whoever is on air is killed and comes back, again and again; hls.js has all of picture and sound."""
    film = films(Film(60.0))
    livestream = await Livestream.create(beaten)
    with ExitStack() as pushes:
        encoders = {
            instance: pushes.enter_context(Encoder(film, livestream.ingest(instance), tmp_path / instance, loop=True))
            for instance in ("primary", "secondary")
        }
        await livestream.on_air()
        if has_heir:
            await beaten.running("packager", other_than=beaten.kill("packager"))
        player = await audience.hlsjs(livestream.playback)
        await player.plays(past_s=3)
        async with recording(livestream.playback) as kept:
            for _ in range(JOINS):
                await _grows(kept)
                both = await livestream.until(_has_both, "has both encoders")
                gone = both["sourceInstance"]
                encoders[gone].kill()
                await livestream.until(_fed_by_other(gone), f"is fed by another than {gone}", deadline_s=10)
                encoders[gone] = pushes.enter_context(
                    Encoder(film, livestream.ingest(gone), tmp_path / gone, loop=True)
                )
            await _grows(kept)
            await player.plays()
            await player.assert_well(longest_stall_s=LONGEST_STALL_S)
            assert [hole for hole in await player.holes() if hole[2] - hole[1] > LONGEST_HOLE_S] == []
            pushes.close()
            await ended(kept, deadline_s=60)
    assert kept.violations() == []


async def _grows(kept: Recording) -> None:
    """Return when two more segments have been closed."""
    goal = _newest(kept) + 2
    await until(lambda: _newest(kept) >= goal, "segments", deadline_s=30)


def _newest(kept: Recording) -> int:
    """The number of the newest segment that is closed; -1 while there is none."""
    playlist = kept.playlists["video.m3u8"].last if "video.m3u8" in kept.playlists else None
    return playlist.closed[-1].msn if playlist is not None and playlist.closed else -1


def _has_both(livestream: Json) -> bool:
    return all(way["isConnected"] for way in livestream["inputs"] if way["protocol"] == "rtmp")


def _fed_by_other(gone: str) -> Callable[[Json], bool]:
    return lambda livestream: livestream["sourceInstance"] not in {gone, ""}
