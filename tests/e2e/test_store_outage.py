"""The store goes away and archivers die: every frame is in the recording all the same, later."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import read_tracks
from tests.clients.playlist_recorder import ended, recording
from tests.e2e.harness.blows import kill_in_a_put
from tests.e2e.harness.dials import dial
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("away_s", "way"),
    [
        pytest.param(8.0, "frozen", marks=pytest.mark.timeout(240)),
        pytest.param(8.0, "killed", marks=pytest.mark.timeout(240)),
        pytest.param(60.0, "frozen", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
async def test_store_away_under_a_live_stream_loses_no_frame(
    beaten: Machine, films: Callable[[Film], Path], tmp_path: Path, away_s: float, way: str
) -> None:
    """S3 is frozen or killed in mid-stream: viewers are served inside the window, and the recording is whole."""
    film = films(Film(away_s + 12))
    livestream = await Livestream.create(beaten)
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        await livestream.on_air()
        async with recording(livestream.playback) as kept:
            if way == "frozen":
                pid = beaten.pause("s3")
                await asyncio.sleep(away_s)  # how long it is away is the test
                beaten.resume(pid)
            else:
                await beaten.running("s3", other_than=beaten.kill("s3"))
            await encoder.sent_all(deadline_s=away_s + 60)
            await ended(kept, deadline_s=60)
    (media,) = await livestream.recorded(deadline_s=120)
    await livestream.compare(await read_tracks(str(film)), media)
    assert kept.violations() == []
    assert kept.statuses() == []


@pytest.mark.parametrize(
    ("kills", "seconds"),
    [
        pytest.param(3, 18.0, marks=pytest.mark.timeout(240)),
        pytest.param(20, 120.0, marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
    ],
)
async def test_two_archivers_of_which_one_is_killed_in_mid_put_store_each_segment(
    beaten: Machine, films: Callable[[Film], Path], tmp_path: Path, kills: int, seconds: float
) -> None:
    """An archiver dies while the frozen store holds the bytes of its PUT; the other one or its heir stores it."""
    dice = random.Random(dial("SEED", 1))
    film = films(Film(seconds))
    livestream = await Livestream.create(beaten)
    second = beaten.more("archiver")
    await beaten.running(second)
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        await livestream.on_air()
        for _ in range(kills):
            await asyncio.sleep(dice.uniform(0.3, seconds / kills - 4))  # a seeded moment
            assert await kill_in_a_put(beaten, ["archiver", second])
        await encoder.sent_all(deadline_s=seconds + 60)
    (media,) = await livestream.recorded(deadline_s=120)
    await livestream.compare(await read_tracks(str(film)), media)
