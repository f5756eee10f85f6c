"""What a track's table keeps of the segments it is given."""

import pytest

from services.archiver.mp4.sample_table import MAX_DELTA, SampleTable
from services.common.media.fragment import Fragment, FragmentSample
from services.common.media.init_segment import InitSegment

INIT = InitSegment(1, b"soun", 48_000, b"....mp4aONE", b"", 0, 0, 0, 0, 0)
OTHER_RATE = InitSegment(1, b"soun", 44_100, b"....mp4aTWO", b"", 0, 0, 0, 0, 0)


def frames(start: int, count: int, duration: int = 1024, cts: int = 0) -> list[Fragment]:
    samples = [FragmentSample(start + n * duration, cts, duration, True, 0, 10) for n in range(count)]
    return [Fragment(1, start, samples, 0, 10 * count)]


def deltas(table: SampleTable) -> list[tuple[int, int]]:
    data = table.deltas.table()
    numbers = [int.from_bytes(data[at : at + 4], "big") for at in range(4, len(data), 4)]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def test_segments_that_follow_one_another_make_one_run() -> None:
    """No hole, no row."""
    table = SampleTable(INIT)
    table.add_chunk(INIT, frames(5000, 3))
    table.add_chunk(INIT, frames(5000 + 3 * 1024, 3))
    assert deltas(table) == [(6, 1024)]
    assert (table.first_pts, table.end_dts) == (5000, 5000 + 6 * 1024)
    assert list(table.chunk_runs()) == [(1, 3, 1)]


@pytest.mark.parametrize(("off", "delta"), [(500, 1524), (-24, 1000), (-1024, 0)])
def test_last_sample_lasts_until_the_next_segment(off: int, delta: int) -> None:
    """Holes lengthen and overlaps shorten only the sample before them."""
    table = SampleTable(INIT)
    table.add_chunk(INIT, frames(0, 2))
    table.add_chunk(INIT, frames(2048 + off, 2))
    rows = [(1, 1024), (1, delta), (2, 1024)]
    assert deltas(table) == rows
    assert table.end_dts == 4096 + off


@pytest.mark.parametrize("start", [1023, 1025 + MAX_DELTA])
def test_segment_that_goes_back_or_too_far_is_refused(start: int) -> None:
    """Decode times do not decrease, and no sample lasts longer than readers understand."""
    table = SampleTable(INIT)
    table.add_chunk(INIT, frames(0, 2))
    with pytest.raises(ValueError, match="decode time goes from 1024"):
        table.add_chunk(INIT, frames(start, 1))


def test_segment_of_no_sample_is_refused() -> None:
    """A chunk without samples cannot be written."""
    with pytest.raises(ValueError, match="no sample"):
        SampleTable(INIT).add_chunk(INIT, [])


def test_composition_beyond_32_bits_is_refused() -> None:
    """What ctts cannot hold is an error."""
    with pytest.raises(ValueError, match="composition offset"):
        SampleTable(INIT).add_chunk(INIT, frames(0, 1, cts=MAX_DELTA + 1))


def test_change_of_sample_rate_keeps_the_times() -> None:
    """Frames of another rate stand where they stood, to the nearest tick and without drift."""
    table = SampleTable(INIT)
    table.add_chunk(INIT, frames(0, 2))
    table.add_chunk(OTHER_RATE, frames(44_107, 44_100))
    begin = 48_008  # 44,107 of 44.1 kHz are 48,007.6 of 48 kHz
    assert table.end_dts == begin + 1024 * 48_000
    assert {delta for _, delta in deltas(table)} == {1024, begin - 1024, 1114, 1115}
    assert list(table.chunk_runs()) == [(1, 2, 1), (2, 44_100, 2)]
    assert table.entries == [INIT.sample_entry, OTHER_RATE.sample_entry]


def test_return_to_a_description_uses_it_again() -> None:
    """An encoder that comes back as it was does not make the table longer."""
    table = SampleTable(INIT)
    for number, init in enumerate((INIT, OTHER_RATE, INIT)):
        table.add_chunk(init, frames(number * 480_000, 4))
    assert len(table.entries) == 2
    assert list(table.chunk_entries) == [1, 2, 1]
