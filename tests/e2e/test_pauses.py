"""Programs that were frozen and go on: they find themselves replaced, and write nothing wrong."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import read_tracks
from tests.clients.playlist_recorder import ended, recording
from tests.clients.sequence import jumps, owners
from tests.e2e.harness.ingests import second_ingest
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.mark.parametrize("paused_s", [6.0, pytest.param(20.0, marks=pytest.mark.slow)])
async def test_paused_packager_writes_nothing_wrong_when_it_goes_on(
    beaten: Machine, films: Callable[[Film], Path], tmp_path: Path, paused_s: float
) -> None:
    """Another one takes over from the log; the one that comes back is refused by the log, and every frame is there."""
    film = films(Film(paused_s + 20))
    livestream = await Livestream.create(beaten)
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        await livestream.on_air()
        second = beaten.more("packager")
        await beaten.log_says(second, '"event":"started"')
        async with recording(livestream.playback) as kept:
            await until(lambda: kept.closed_segments() >= 1, "a segment", deadline_s=30)
            pid = beaten.pause("packager")
            before = kept.closed_segments()
            await asyncio.sleep(paused_s)  # how long it is paused is the test
            taken_over = kept.closed_segments() > before
            beaten.resume(pid)
            assert taken_over, "nobody took over"
            await encoder.sent_all(deadline_s=paused_s + 60)
            await ended(kept, deadline_s=60)
    (media,) = await livestream.recorded(deadline_s=120)
    await livestream.compare(await read_tracks(str(film)), media)
    assert kept.violations() == []


async def test_encoder_on_a_frozen_ingest_is_replaced_once_and_for_all(
    beaten: Machine, films: Callable[[Film], Path], tmp_path: Path
) -> None:
    """The same key on another replica wins; what the first one still says when it goes on is not in the program."""
    first_film, second_film = films(Film(60.0)), films(Film(14.0, size="480x270"))
    livestream = await Livestream.create(beaten, reconnect_window_s=8)
    port = await second_ingest(beaten)
    with Encoder(first_film, livestream.ingest(), tmp_path / "first") as first:
        broadcast = await livestream.on_air()
        async with recording(livestream.playback) as kept:
            await until(lambda: kept.closed_segments() >= 2, "segments", deadline_s=30)
            pid = beaten.pause("ingest")
            with Encoder(second_film, livestream.ingest(port=port), tmp_path / "second") as second:
                await until(lambda: kept.closed_segments() >= 4, "segments of the second", deadline_s=30)
                beaten.resume(pid)
                assert await first.ended(deadline_s=30) != 0  # it is disconnected
                await second.sent_all(deadline_s=60)
            await ended(kept, deadline_s=60)
    (media,) = await livestream.recorded(deadline_s=120)
    assert media["broadcastId"] == broadcast
    films_sent = [await read_tracks(str(film)) for film in (first_film, second_film)]
    result = await read_tracks(media["playouts"][0]["url"], has_gaps=True)
    assert owners(result.video, [each.video for each in films_sent]) == [0, 1]
    names, whole = [frame.md5 for frame in result.video], [frame.md5 for frame in films_sent[1].video]
    assert names[-len(whole) :] == whole
    assert jumps([films_sent[0].video], result.video[: -len(whole)]) == []
    assert kept.violations() == []
