"""Progressive files out of CMAF segments, frame for frame as ffmpeg sees them."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from struct import pack

import pytest

from services.archiver.mp4.assembly import Assembly
from services.common.media.aac import parse_config
from services.common.media.avc import parse_record
from services.common.media.fragment import skeleton
from services.common.media.unit import Track
from services.packager.cmaf.init import audio_init, video_init
from services.packager.cmaf.part import Sample, part
from tests.common.media.encoded import Frame, Stream, encode, framemd5, run, streams
from tests.packager.cmaf.cutting import segments

VIDEO, AUDIO = Track.VIDEO, Track.AUDIO


class Recording:
    """Segment objects as they lie in the object store, and the file made of them."""

    def __init__(self, *, is_skeleton: bool = False) -> None:
        self.assembly = Assembly()
        self.objects: dict[str, bytes] = {}
        self.is_skeleton = is_skeleton

    def add(self, *streams: tuple[Track, Stream], init_id: str = "1") -> None:
        """Add the streams' segments in turn, as the archiver does: video, then audio."""
        for track, stream in streams:
            init = (
                video_init(parse_record(stream.record)) if track is VIDEO else audio_init(parse_config(stream.record))
            )
            self.assembly.add_init(track, init_id, init)
        rows = sorted(
            (number, track, b"".join(parts))
            for track, stream in streams
            for number, parts in enumerate(segments(stream))
        )
        for _, track, data in rows:
            key = f"{len(self.objects)}.m4s"
            self.objects[key] = data
            found = skeleton(data) if self.is_skeleton else data
            self.assembly.add_segment(track, init_id, key, found, is_skeleton=self.is_skeleton)

    def write(self, path: Path) -> Path:
        media = []
        for copy in self.assembly.copies():
            data = self.objects[copy.key]
            media += [copy.prefix, *(data[offset : offset + length] for offset, length in copy.ranges)]
        assert sum(map(len, media)) == self.assembly.media_bytes
        path.write_bytes(self.assembly.header() + b"".join(media))
        run("ffprobe", "-show_packets", str(path))
        return path


@pytest.fixture(scope="module", params=[0, 2], ids=["no-bframes", "bframes"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("source") / "source.mp4", bframes=request.param)


def moved(frames: list[Frame], by: Fraction) -> list[Frame]:
    return [replace(one, dts=one.dts + by, pts=one.pts + by) for one in frames]


def pair(path: Path, start_s: int) -> tuple[tuple[Track, Stream], ...]:
    return tuple(zip((VIDEO, AUDIO), streams(path, start_s=start_s), strict=True))


def delayed(stream: Stream, seconds: Fraction) -> Stream:
    ticks = int(seconds * stream.rate)
    return replace(stream, units=[(unit[0], unit[1] + ticks, *unit[2:]) for unit in stream.units])


def decoded(path: Path) -> list[str]:
    """Checksums of the pictures that ffmpeg decodes; a warning fails the test."""
    passed = ("-fps_mode", "passthrough", "-autoscale", "0")
    out = run("ffmpeg", "-i", str(path), "-map", "0:v:0", *passed, "-f", "framemd5", "-")
    return [line.split(",")[5] for line in out.splitlines() if not line.startswith("#")]


@pytest.mark.parametrize("is_skeleton", [False, True], ids=["segments", "skeletons"])
def test_file_is_the_source_frame_for_frame(source: Path, tmp_path: Path, is_skeleton: bool) -> None:
    """Every frame, dts and pts of both tracks equals the source's less one constant."""
    video, audio = streams(source, start_s=1000)
    recording = Recording(is_skeleton=is_skeleton)
    recording.add((VIDEO, video), (AUDIO, audio))
    path = recording.write(tmp_path / "file.mp4")
    sources = framemd5(source, "v"), framemd5(source, "a")
    constant = -min(one.pts for frames in sources for one in frames)
    assert framemd5(path, "v") == moved(sources[0], constant)
    assert framemd5(path, "a") == moved(sources[1], constant)
    assert decoded(path) == decoded(source)


def test_audio_alone_makes_an_m4a(source: Path, tmp_path: Path) -> None:
    """A recording without video is an M4A of the same frames that starts at 0."""
    _, audio = streams(source, start_s=77)
    recording = Recording()
    recording.add((AUDIO, audio))
    path = recording.write(tmp_path / "file.m4a")
    expected = framemd5(source, "a")
    assert framemd5(path, "a") == moved(expected, -expected[0].pts)
    assert path.read_bytes()[4:12] == b"ftypM4A "


@pytest.mark.parametrize("late_s", [-1, 2], ids=["audio-first", "audio-last"])
def test_tracks_that_start_apart_stay_apart(source: Path, tmp_path: Path, late_s: int) -> None:
    """The distance between the starts of video and audio is kept to the tick."""
    video, _ = streams(source, start_s=10)
    _, audio = streams(source, start_s=10 + late_s)
    recording = Recording()
    recording.add((VIDEO, video), (AUDIO, audio))
    path = recording.write(tmp_path / "file.mp4")
    pictures, sound = framemd5(path, "v"), framemd5(path, "a")
    sources = framemd5(source, "v"), framemd5(source, "a")
    constant = pictures[0].pts - sources[0][0].pts
    assert pictures == moved(sources[0], constant)
    assert sound == moved(sources[1], constant + late_s)
    assert min(pictures[0].pts, sound[0].pts) == 0


def test_hole_between_segments_keeps_later_times(source: Path, tmp_path: Path) -> None:
    """After a discontinuity that leaves 5.25 s out, all later frames of both tracks are that much later."""
    recording = Recording()
    recording.add(*pair(source, 10))
    video, audio = (delayed(one, Fraction(33, 4)) for one in streams(source, start_s=10))
    recording.add((VIDEO, video), (AUDIO, audio))
    path = recording.write(tmp_path / "file.mp4")
    sources = framemd5(source, "v"), framemd5(source, "a")
    constant = -min(one.pts for frames in sources for one in frames)
    for kind, frames in zip("va", sources, strict=True):
        first, second = moved(frames, constant), moved(frames, constant + Fraction(33, 4))
        assert framemd5(path, kind) == first + second
    assert decoded(path) == 2 * decoded(source)


def test_change_of_resolution_decodes_to_the_end(source: Path, tmp_path: Path) -> None:
    """Two picture sizes and back share one file: two descriptions, and parameter sets before a change only."""
    other = encode(tmp_path / "other.mp4", bframes=1, size="320x180", seconds=2)
    recording = Recording()
    for number, (path, start_s) in enumerate(((source, 10), (other, 14), (source, 17))):
        recording.add(*pair(path, start_s), init_id=str(number))
    made = recording.write(tmp_path / "file.mp4")
    assert decoded(made) == decoded(source) + decoded(other) + decoded(source)
    assert made.read_bytes().count(b"avcC") == 2
    coded, expected = framemd5(made, "v"), framemd5(source, "v") + framemd5(other, "v") + framemd5(source, "v")
    differing = [number for number, pair in enumerate(zip(coded, expected, strict=True)) if pair[0].md5 != pair[1].md5]
    assert differing == [90, 150]


def test_file_above_4_gb_has_offsets_and_media_length_of_64_bits() -> None:
    """Three segments of 1.9 GB: the last starts beyond 32 bits, and the first right behind the header."""
    size, placeholder = 1_900_000_000, 0x01020304
    bare = skeleton(part(1, 1, 0, [Sample(bytes(placeholder), 3000, 0, True)]))
    for told, told_now in ((placeholder, size), (placeholder + 8, size + 8)):
        bare = bare.replace(pack(">I", told), pack(">I", told_now))
    assembly = Assembly()
    assembly.add_init(AUDIO, "1", audio_init(parse_config(b"\x11\x90")))
    for number in range(3):
        moved_on = bare.replace(b"tfdt\1\0\0\0" + bytes(8), b"tfdt\1\0\0\0" + pack(">Q", 3000 * number))
        assembly.add_segment(AUDIO, "1", f"{number}.m4s", moved_on, is_skeleton=True)
    header = assembly.header()
    assert assembly.media_bytes == 3 * size
    offsets = pack(">I3Q", 3, len(header), len(header) + size, len(header) + 2 * size)
    assert b"co64\0\0\0\0" + offsets in header
    assert header.endswith(pack(">I4sQ", 1, b"mdat", 3 * size + 16))


def test_what_does_not_fit_the_recording_is_refused(source: Path) -> None:
    """An init segment of the other track, a segment whose init segment is not known, and a file of nothing."""
    assembly = Assembly()
    with pytest.raises(ValueError, match="no segment"):
        assembly.header()
    with pytest.raises(ValueError, match="not of video"):
        assembly.add_init(VIDEO, "1", audio_init(parse_config(b"\x11\x90")))
    video, _ = streams(source, start_s=10)
    with pytest.raises(KeyError):
        assembly.add_segment(VIDEO, "1", "0.m4s", segments(video)[0][0])
