"""What viewers may know of: one table."""

import pytest

from headwater.internal.v1.onair_pb2 import Playback
from services.packager.origin.shown import is_shown


@pytest.mark.parametrize(
    ("record", "by_livestream", "by_broadcast"),
    [
        (Playback(state=Playback.LIVE), True, True),
        (Playback(state=Playback.LIVE, is_gated=True), False, False),
        (Playback(state=Playback.ENDED, is_gated=True), False, False),
        (Playback(state=Playback.LIVE, is_gated=True, publish_time_us=1), True, True),
        (Playback(state=Playback.LIVE, is_hidden=True), False, False),
        (Playback(state=Playback.ENDED, is_hidden=True), False, False),
        (Playback(state=Playback.RECORDED, is_hidden=True), False, True),
        (Playback(state=Playback.LIVE, is_hidden=True, is_gated=True, publish_time_us=1), False, False),
    ],
)
def test_broadcast_is_shown_when_it_is_for_viewers(record: Playback, by_livestream: bool, by_broadcast: bool) -> None:
    """Not before it is published; without an HLS output only as a recording, by its own id."""
    record.livestream_id, record.broadcast_id = "l", "b"
    assert (is_shown(record, "l"), is_shown(record, "b")) == (by_livestream, by_broadcast)
