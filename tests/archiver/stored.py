"""A recording read back from the store."""

import hashlib
from pathlib import Path

from headwater.internal.v1.cmaf_pb2 import Index, Recording, Segment
from services.common import keys
from services.common.media.unit import Track
from services.common.objects import ObjectStore
from tests.archiver.on_air import Broadcast
from tests.common.media.encoded import framemd5, run
from tests.packager.program.encoder import Recording as Sent


async def needed(objects: ObjectStore, key: str) -> bytes:
    found = await objects.get(key)
    assert found is not None, key
    return found


async def assert_whole(objects: ObjectStore, broadcast: Broadcast) -> Recording:
    """The store holds each segment byte for byte, the index all of them, and the recording their sum."""
    prefix, total = broadcast.record.store_prefix, 0
    recording = Recording.FromString(await needed(objects, keys.recording(prefix)))
    listed: list[Segment] = []
    for number in range(recording.index_count):
        index = Index.FromString(await needed(objects, keys.index(prefix, number)))
        listed += index.segments
        for rendition in index.renditions:
            assert await objects.get(keys.init(prefix, rendition.name, rendition.init_id)) == rendition.init
    assert [segment.msn for segment in listed] == [segment.msn for segment in broadcast.segments]
    for segment in listed:
        assert segment.renditions
        for each in segment.renditions:
            expected = broadcast.bytes_of(each.name, segment.msn)
            assert await objects.get(keys.segment(prefix, each.name, segment.msn)) == expected
            assert len(expected) == each.length
            total += len(expected)
    assert (recording.segment_count, recording.size_bytes) == (len(broadcast.segments), total)
    return recording


async def play(objects: ObjectStore, broadcast: Broadcast, recording: Recording, name: str, folder: Path) -> Path:
    """A rendition as a player of the recording gets it: init segment, then every segment."""
    (rendition,) = [each for each in recording.renditions if each.name == name]
    path = folder / f"{name}.mp4"
    with path.open("wb") as file:
        file.write(rendition.init)
        for msn in range(recording.segment_count):
            file.write(await needed(objects, keys.segment(broadcast.record.store_prefix, name, msn)))
    return path


def assert_every_frame(path: Path, sent: Sent, track: Track) -> None:
    """Ffmpeg finds each coded frame that was sent, once, in order, and decodes pictures without a warning."""
    expected = [hashlib.md5(unit.payload).hexdigest() for unit in sent.units if unit.track is track]  # noqa: S324  names frames, nothing more
    assert [frame.md5 for frame in framemd5(path, "va"[track])] == expected
    if track is Track.VIDEO:
        out = run("ffmpeg", "-i", str(path), "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "framemd5", "-")
        assert sum(not line.startswith("#") for line in out.splitlines()) == len(expected)
