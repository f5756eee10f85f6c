"""Players that are no browser: GStreamer with its own HLS demuxer, live and on demand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.common.tasks import spawn
from tests.clients import gstreamer
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import read_tracks
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine

SECONDS = 8.0
SEGMENT_PICTURES = 60
"""Of the least that can be watched; how much more depends on how soon the player was there."""
AAC_FRAME = 1024
"""Samples of one frame of AAC."""

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(120),
    pytest.mark.skipif(not gstreamer.is_there(), reason="no gst-launch-1.0; `make test` installs it"),
]


async def test_gstreamer_decodes_a_livestream_and_its_recording(
    gentle: Machine, films: Callable[[Film], Path], tmp_path: Path
) -> None:
    """Every frame of the recording, and of the livestream as long as it was watched; both come to their end."""
    film = films(Film(SECONDS, b_frames=2))
    livestream = await Livestream.create(gentle, reconnect_window_s=1)
    for name in ("live", "recorded"):
        (tmp_path / name).mkdir()
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        await livestream.on_air()
        watching = spawn(gstreamer.decode(livestream.playback, tmp_path / "live", deadline_s=60), name="watch")
        await encoder.sent_all(deadline_s=SECONDS + 30)
    (media,) = await livestream.recorded()
    recorded = await gstreamer.decode(media["playouts"][0]["url"], tmp_path / "recorded", deadline_s=60)
    live, sent = await watching, await read_tracks(str(film))

    assert recorded.pictures == len(sent.video)
    assert recorded.samples == len(sent.audio) * AAC_FRAME
    assert live.pictures >= SEGMENT_PICTURES
