"""Whether a broadcast is anything to viewers: one that is not is answered as if it were not on air. Pure."""

from headwater.internal.v1.onair_pb2 import Playback


def is_shown(record: Playback, wanted: str) -> bool:
    """Whether viewers who ask for `wanted`, a livestream or this broadcast, may know of it.

    Until it is published nobody does. Where there is no HLS output only the recording is there, under its own id.
    """
    if record.is_gated and not record.publish_time_us:
        return False
    return not record.is_hidden or (record.state == Playback.RECORDED and wanted == record.broadcast_id)
