"""Every frame that was sent is in the recording: as a playlist, as a file, with its times."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import Tracks, differences, read_frames, read_tracks
from tests.e2e.harness.livestream import Json, Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import eventually, patient

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]
SHORT_S, LONG_S = 9.0, 120.0


@pytest.mark.parametrize("seconds", [SHORT_S, pytest.param(LONG_S, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
@pytest.mark.parametrize("b_frames", [0, 2])
async def test_pushed_film_is_recorded_frame_for_frame(
    gentle: Machine, films: Callable[[Film], Path], tmp_path: Path, b_frames: int, seconds: float
) -> None:
    """Playlist, MP4 and M4A hold the coded frames that were sent, and one constant lies between all times."""
    film = films(Film(seconds, b_frames=b_frames))
    livestream = await Livestream.create(gentle)
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        await encoder.sent_all(deadline_s=seconds + 30)
    (media,) = await livestream.recorded()
    sent = await read_tracks(str(film))
    await livestream.compare(sent, media)
    assert float(media["duration"].rstrip("s")) == pytest.approx(seconds, abs=0.1)

    mp4 = await read_tracks(str(await _download(gentle, media["id"], "MP4", tmp_path)))
    assert differences(sent, mp4) == []
    sound = await read_frames(str(await _download(gentle, media["id"], "M4A", tmp_path)), "a:0")
    assert differences(Tracks((), sent.audio), Tracks((), sound)) == []


async def _download(machine: Machine, media: str, file_format: str, folder: Path) -> Path:
    """Order a file, watch it being made, and fetch it."""
    ordered = await patient(lambda: machine.client().media.order_download(media, file_format))
    assert ordered["state"] in {"IN_PROGRESS", "READY"}
    percents: list[float] = []

    async def ask() -> Json:
        found = await patient(lambda: list(machine.client().media.downloads(media)))
        (one,) = [each for each in found if each["format"] == file_format]
        percents.append(one["percent"])
        return dict(one)

    made = await eventually(ask, lambda one: one["state"] in {"READY", "FAILED"}, file_format, deadline_s=60)
    assert made["state"] == "READY", made
    assert percents == sorted(percents)
    assert percents[-1] == 100
    path = folder / f"download.{file_format.lower()}"
    path.write_bytes(await asyncio.to_thread(lambda: b"".join(machine.client().media.fetch(made["url"]))))
    assert path.stat().st_size == int(made["sizeBytes"])
    return path
