"""Parts, read back by our own reader and by ffmpeg."""

import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.common.media.aac import parse_config
from services.common.media.avc import parse_record
from services.common.media.fragment import read_segment
from services.common.media.init_segment import InitSegment, read_init
from services.packager.cmaf.init import audio_init, video_init
from services.packager.cmaf.part import Sample, part
from tests.common.media.encoded import encode, framemd5, run, streams
from tests.packager.cmaf.cutting import segments

INIT = InitSegment(7, b"vide", 90_000, b"", b"", 160, 90, 0, 0, 0)
U32 = st.integers(0, 0xFFFFFFFF)
SAMPLES = st.lists(
    st.builds(Sample, st.binary(max_size=40), U32, st.integers(-0x7FFFFFFF, 0x7FFFFFFF), st.booleans()),
    min_size=1,
    max_size=30,
)


@pytest.fixture(scope="module", params=[0, 2], ids=["no-bframes", "bframes"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("source") / "source.mp4"
    return encode(path, bframes=request.param)


@settings(deadline=None)
@given(sequence=U32, base=st.integers(0, (1 << 64) - 1), samples=SAMPLES)
def test_any_samples_read_back_the_same(sequence: int, base: int, samples: list[Sample]) -> None:
    """What is written is read back: times, keys, and bytes where the reader says they are."""
    data = part(sequence, 7, base, samples)
    (fragment,) = read_segment(data, INIT)
    assert (fragment.sequence, fragment.base_decode_time) == (sequence, base)
    read = [
        Sample(data[one.offset : one.offset + one.size], one.duration, one.cts, one.is_key) for one in fragment.samples
    ]
    assert read == samples
    assert fragment.samples[-1].dts == base + sum(one.duration for one in samples[:-1])
    assert data[fragment.data_offset :] == b"".join(one.payload for one in samples)
    assert fragment.data_length == len(data) - fragment.data_offset


@pytest.mark.parametrize(
    ("base", "sample"),
    [
        (0, Sample(b"x", 1 << 32, 0, True)),
        (0, Sample(b"x", -1, 0, True)),
        (0, Sample(b"x", 1, 1 << 31, True)),
        (0, Sample(b"x", 1, -(1 << 31), True)),
        (1 << 64, Sample(b"x", 1, 0, True)),
        (-1, Sample(b"x", 1, 0, True)),
    ],
    ids=["long", "negative", "late", "early", "far", "before-zero"],
)
def test_number_beyond_its_field_is_refused(base: int, sample: Sample) -> None:
    """A number that a box cannot hold is an error, not a wrapped number."""
    with pytest.raises(ValueError, match="does not fit"):
        part(1, 1, base, [sample])


def test_part_of_no_sample_is_refused() -> None:
    """An empty part is not written."""
    with pytest.raises(ValueError, match="at least one"):
        part(1, 1, 0, [])


@pytest.mark.parametrize(
    ("keys", "written"),
    [
        ([True, True], [0x2000000]),
        ([False, False], [0x1010000]),
        ([True, False], [0x1010000, 0x2000000]),
        ([False, True], [0x1010000, 0x2000000]),
    ],
    ids=["all", "none", "first", "later"],
)
def test_sample_flags_say_whether_a_sample_depends_on_others(keys: list[bool], written: list[int]) -> None:
    """Keys have sample_depends_on 2 and are sync samples, others have 1 and are not (14496-12, 8.8.3.1)."""
    data = part(1, 7, 0, [Sample(b"", 1, 0, is_key) for is_key in keys])
    for flags in written:
        assert struct.pack(">I", flags) in data
    (fragment,) = read_segment(data, INIT)
    assert [one.is_key for one in fragment.samples] == keys


def test_equal_audio_frames_say_their_duration_once() -> None:
    """Sixteen equal frames cost four bytes each in the moof: their size."""
    frame = Sample(b"\x21" * 100, 1024, 0, True)
    assert len(part(1, 1, 0, [frame] * 17)) - len(part(1, 1, 0, [frame] * 16)) == 104


def test_ffmpeg_reads_every_frame_of_the_parts(source: Path, tmp_path: Path) -> None:
    """Init segment and parts, joined, are frame for frame the source, ten seconds later, without a warning."""
    video, audio = streams(source, start_s=10)
    inits = {"v": video_init(parse_record(video.record)), "a": audio_init(parse_config(audio.record))}
    for kind, stream in (("v", video), ("a", audio)):
        path = tmp_path / f"{kind}.mp4"
        cut = segments(stream)
        path.write_bytes(inits[kind] + b"".join(map(b"".join, cut)))
        run("ffprobe", "-show_packets", str(path))
        expected = [(one.dts + 10, one.pts + 10, one.size, one.md5) for one in framemd5(source, kind)]
        assert [(one.dts, one.pts, one.size, one.md5) for one in framemd5(path, kind)] == expected
        assert max(map(len, cut)) == 3


def test_ffmpeg_decodes_from_any_segment(source: Path, tmp_path: Path) -> None:
    """Init segment and a later segment alone decode to all of its frames, without a warning."""
    video, _ = streams(source, start_s=10)
    path = tmp_path / "later.mp4"
    init = video_init(parse_record(video.record))
    path.write_bytes(init + b"".join(segments(video)[-1]))
    out = run("ffmpeg", "-i", str(path), "-f", "framemd5", "-")
    assert len([line for line in out.splitlines() if not line.startswith("#")]) == 30


def test_foreign_fragments_read_like_our_own(source: Path, tmp_path: Path) -> None:
    """ffmpeg's own fragments of one track give the reader the same samples as our parts of it."""
    path = tmp_path / "foreign.mp4"
    flags = "frag_keyframe+empty_moov+default_base_moof"
    run(
        "ffmpeg",
        "-i",
        str(source),
        "-an",
        "-c",
        "copy",
        "-video_track_timescale",
        "90000",
        "-movflags",
        flags,
        str(path),
    )
    data = path.read_bytes()
    start = data.index(b"moof") - 4
    end = data.index(b"mfra") - 4
    foreign = [one for part_ in read_segment(data[start:end], read_init(data[:start])) for one in part_.samples]
    video, _ = streams(source)
    rows = [(dts + cts, duration, is_key, len(payload)) for payload, dts, cts, duration, is_key in video.units]
    first = min(row[0] for row in rows) - min(one.dts + one.cts for one in foreign)
    assert [(one.dts + one.cts + first, one.duration, one.is_key, one.size) for one in foreign] == rows
