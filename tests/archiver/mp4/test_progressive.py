"""The head of a file, without its media."""

import pytest

from services.archiver.mp4.progressive import file_type, movie
from services.archiver.mp4.sample_table import SampleTable
from services.common.media.box import Box, boxes, child, whole
from services.common.media.fragment import Fragment, FragmentSample
from services.common.media.init_segment import InitSegment

VIDEO = InitSegment(1, b"vide", 90_000, b"....hvc1", b"", 160, 90, 0, 0, 0)
AUDIO = InitSegment(1, b"soun", 48_000, b"....mp4a", b"", 0, 0, 0, 0, 0)


def table(init: InitSegment, start: int, *, cts: int = 0, is_key: bool = True, duration: int = 3000) -> SampleTable:
    made = SampleTable(init)
    sample = FragmentSample(start, cts, duration, is_key, 0, 10)
    made.add_chunk(init, [Fragment(1, start, [sample], 0, 10)])
    return made


def numbers(data: bytes, path: str, width: int = 4) -> list[int]:
    """The words of a full box, without version and flags."""
    found = child(data, whole(data), path)
    return [int.from_bytes(data[at : at + width], "big", signed=True) for at in range(found.body + 4, found.end, width)]


def kinds(data: bytes, parent: Box) -> set[bytes]:
    return {one.kind for one in boxes(data, parent.body, parent.end)}


def test_first_picture_is_shown_at_zero() -> None:
    """The edit begins where the first picture is shown, so the delay of B-frames is not waited for."""
    data = movie([table(VIDEO, 90_000, cts=6000)], [[100]], is_large=False)
    assert numbers(data, "moov/trak/edts/elst") == [1, 3000, 6000, 0x10000]
    assert numbers(data, "moov/trak/mdia/minf/stbl/ctts") == [1, 1, 6000]


def test_later_track_waits_for_as_long_as_it_is_later() -> None:
    """An empty edit (media time -1) of a quarter of a second, in the movie's 90 kHz."""
    data = movie([table(VIDEO, 112_500), table(AUDIO, 48_000, duration=1024)], [[1], [2]], is_large=False)
    assert numbers(data, "moov/trak/edts/elst") == [2, 22_500, -1, 0x10000, 3000, 0, 0x10000]
    assert numbers(data, "moov/mvhd")[3] == 22_500 + 3000


def test_tables_that_say_nothing_are_left_out() -> None:
    """No stss where each sample is a key, no ctts where none is presented later."""
    for is_key, cts, present in ((True, 0, set()), (False, 10, {b"stss", b"ctts"})):
        data = movie([table(VIDEO, 0, cts=cts, is_key=is_key)], [[1]], is_large=False)
        assert kinds(data, child(data, whole(data), "moov/trak/mdia/minf/stbl")) & {b"stss", b"ctts"} == present


def test_large_file_has_offsets_of_64_bits() -> None:
    """co64 in the place of stco."""
    data = movie([table(VIDEO, 0)], [[1 << 33]], is_large=True)
    stbl = "moov/trak/mdia/minf/stbl"
    assert b"stco" not in kinds(data, child(data, whole(data), stbl))
    assert numbers(data, f"{stbl}/co64")[1:] == [2, 0]


def test_days_need_and_get_long_fields() -> None:
    """Two holes of six hours make a duration of more than 32 bits; all headers say it in 64."""
    made = SampleTable(VIDEO)
    for start in range(0, 8 << 30, 1 << 30):
        sample = FragmentSample(start, 0, 3000, True, 0, 10)
        made.add_chunk(VIDEO, [Fragment(1, start, [sample], 0, 10)])
    data = movie([made], [range(8)], is_large=False)
    for path in ("moov/mvhd", "moov/trak/tkhd", "moov/trak/mdia/mdhd", "moov/trak/edts/elst"):
        found = child(data, whole(data), path)
        assert data[found.body] == 1
        assert ((7 << 30) + 3000).to_bytes(8, "big") in data[found.body : found.end]


def test_file_of_audio_alone_is_an_m4a() -> None:
    """The major brand tells players what to expect."""
    assert file_type([table(AUDIO, 0)])[8:12] == b"M4A "
    assert file_type([table(VIDEO, 0), table(AUDIO, 0)])[8:12] == b"isom"


def test_what_no_file_can_say_is_refused() -> None:
    """A picture before the first decode time, and tracks years apart."""
    with pytest.raises(ValueError, match="presented before"):
        movie([table(VIDEO, 9000, cts=-1)], [[1]], is_large=False)
    with pytest.raises(ValueError, match="a year apart"):
        movie([table(VIDEO, 0), table(AUDIO, 1 << 50)], [[1], [2]], is_large=False)
