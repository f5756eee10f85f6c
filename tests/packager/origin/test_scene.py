"""Which segment has the picture of a moment."""

import pytest

from headwater.internal.v1.cmaf_pb2 import Recording, Rendition, Segment
from services.packager.origin.recording import RecordedMedia
from services.packager.origin.scene import Scene, recorded_scene

VIDEO = Rendition(name="video", kind=Rendition.VIDEO)
AUDIO = Rendition(name="audio", kind=Rendition.AUDIO)


def recording(*lengths: int) -> RecordedMedia:
    """Segments of 2 s; of a picture with 0 bytes there is nothing, and with less than that not even a line."""
    segments = []
    for msn, length in enumerate(lengths):
        segment = Segment(msn=msn)
        segment.renditions.add(name="audio", timescale=1000, decode_time=2000 * msn, duration=2000, length=5)
        if length >= 0:
            segment.renditions.add(
                name="video", init_id="a", timescale=1000, decode_time=2000 * msn, duration=2000, length=length
            )
        segments.append(segment)
    return RecordedMedia(Recording(), segments, {"audio": AUDIO, "video": VIDEO})


@pytest.mark.parametrize(
    ("time_s", "msn", "offset_s"),
    [(0, 1, 0), (3, 1, 1), (4, 2, 0), (5.5, 2, 1.5), (6.5, 2, 2.5), (9, 2, 5), (10, 5, 0), (99, 5, 89)],
)
def test_last_segment_with_a_picture_at_or_before_the_moment(time_s: float, msn: int, offset_s: float) -> None:
    """In a gap the last one before it; before the first picture the first one."""
    assert recorded_scene(recording(-1, 9, 9, 0, -1, 9), time_s * 1e6) == Scene("video", msn, "a", offset_s)


def test_recording_without_a_picture_has_no_scene() -> None:
    """Sound alone, a picture of which nothing was kept, or nothing at all."""
    sound = recording(-1, -1)
    del sound.renditions["video"]

    assert [recorded_scene(each, 0) for each in (sound, recording(0, 0), recording())] == [None, None, None]
