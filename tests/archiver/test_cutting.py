"""Which samples a piece of a recording has, and segments of these alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.archiver.cutting import from_key, last_key, samples_of, shown, sounding, time_us, until, write
from services.common.media.fragment import FragmentSample, read_segment
from services.common.media.init_segment import InitSegment
from services.packager.cmaf.part import Sample, part

INIT = InitSegment(1, b"vide", 90_000, b"", b"", 160, 90, 0, 0, 0x10000)
FRAME = 3000
ORDER = (0, 3, 1, 2, 6, 4, 5, 7)
"""Pictures of a GOP as they are decoded: two between each two, but for the last."""


def gop(first: int = 0, order: tuple[int, ...] = ORDER) -> list[FragmentSample]:
    """A GOP whose pictures are shown a frame after the first is decoded."""
    return [
        FragmentSample((first + place) * FRAME, (number - place + 1) * FRAME, FRAME, number == 0, place, 1)
        for place, number in enumerate(order)
    ]


def numbers(samples: list[FragmentSample]) -> list[int]:
    return sorted(shown(each) // FRAME - 1 for each in samples)


@given(st.integers(1, 20))
def test_end_is_the_frame_and_what_it_needs_and_leaves_no_hole(end: int) -> None:
    """All before the end are there; what is kept is shown one after the other, and is what is decoded first."""
    samples = [*gop(), *gop(8)]
    kept = until(samples, (end + 1) * FRAME)

    assert numbers(kept) == list(range(len(kept)))
    assert min(end, 16) <= len(kept) <= min(end + 2, 16)
    assert kept == samples[: len(kept)]


def test_nothing_is_before_the_beginning() -> None:
    """A piece that ends there has no picture of this segment."""
    assert until(gop(), FRAME) == []


def test_key_frame_is_the_last_that_is_shown_by_then() -> None:
    """At its time it counts; before the first there is none."""
    samples = [*gop(), *gop(8)]

    assert [last_key(samples, at * FRAME) for at in (0, 1, 8, 9, 40)] == [None, 0, 0, 8, 8]


def test_pictures_that_are_shown_before_their_key_frame_go() -> None:
    """They refer to the GOP before it, which is not kept."""
    open_gop = gop(8, (0, -2, -1, 3, 1, 2))
    kept = from_key([*gop(), *open_gop], 8)

    assert numbers(kept) == [8, 9, 10, 11]
    assert kept[0].is_key


def test_sound_is_what_is_heard_between() -> None:
    """A frame at either border is kept if something of it is heard."""
    frames = [FragmentSample(at * 1024, 0, 1024, True, at, 1) for at in range(4)]

    assert sounding(frames, 1024, 2049) == frames[1:3]
    assert sounding(frames, 1025, 2048) == frames[1:2]
    assert sounding(frames, None, 1) == frames[:1]
    assert sounding(frames, 3000, None) == frames[2:]


_samples = st.builds(
    Sample, st.binary(min_size=1, max_size=20), st.integers(1, 9000), st.integers(-3000, 9000), st.booleans()
)


@given(st.lists(st.lists(_samples, min_size=1, max_size=5), min_size=1, max_size=3), st.data())
def test_segment_of_some_samples_reads_back(parts: list[list[Sample]], data: st.DataObject) -> None:
    """Payloads, times and marks are those of the source; each lasts until the next."""
    source, at = b"", 7
    for number, samples in enumerate(parts):
        source += part(number, 1, at, samples)
        at += sum(each.duration for each in samples)
    found = samples_of(source, INIT)
    kept = data.draw(st.lists(st.sampled_from(found), min_size=1, unique=True).map(sorted))
    cut = write(source, kept, INIT)
    (fragment,) = read_segment(cut, INIT)

    assert [(each.dts, each.cts, each.is_key) for each in fragment.samples] == [
        (each.dts, each.cts, each.is_key) for each in kept
    ]
    for mine, its in zip(fragment.samples, kept, strict=True):
        assert cut[mine.offset : mine.offset + mine.size] == source[its.offset : its.offset + its.size]
    assert fragment.samples[-1].duration == kept[-1].duration


def test_segment_of_nothing_is_none() -> None:
    """There is no part without a sample."""
    with pytest.raises(ValueError, match="at least one"):
        write(b"", [], INIT)
    assert time_us(45_000, INIT) == 500_000
