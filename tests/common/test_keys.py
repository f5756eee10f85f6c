"""Object keys are spelled in one place, under a prefix nobody can guess."""

import inspect

import pytest

from services.common import keys

LIVESTREAM = "c" * 32
PREFIX = "b" * 32 + "-" + "5" * 32

EVERY = [
    keys.segment(PREFIX, "video", 7),
    keys.init(PREFIX, "video", "abc123"),
    keys.rendition(PREFIX, "video", "abc123"),
    keys.index(PREFIX, 2),
    keys.segment_record(PREFIX, 7),
    keys.recording(PREFIX),
    keys.download(PREFIX, "MP4"),
    keys.captions(PREFIX, "en", "a"),
    keys.media_thumbnail(PREFIX, "a"),
]


@pytest.mark.parametrize("key", EVERY)
def test_key_lies_under_the_recordings_prefix(key: str) -> None:
    """To delete a prefix is to delete the recording, and nothing of another one."""
    assert key.startswith(f"{PREFIX}/")


def test_no_two_things_share_a_key() -> None:
    """What is one object is no other."""
    assert len(set(EVERY)) == len(EVERY)


def test_every_spelling_is_tried_here() -> None:
    """A key that is added is added to this test, but for what is no recording's: `segment_records` is what keys begin
    with, as `thumbnails` is, and a livestream's `thumbnail` and its samples outlive its recordings.
    """
    spellings = [name for name, found in inspect.getmembers(keys, inspect.isfunction) if not name.startswith("_")]
    of_samples = [name for name in spellings if name.startswith(("sample", "statistics"))]

    assert len(spellings) == len(EVERY) + len(of_samples) + 3


def test_segment_records_are_listed_by_their_beginning() -> None:
    """One listing finds the records of all segments, and nothing else."""
    beginning = keys.segment_records(PREFIX)

    assert [key for key in EVERY if key.startswith(beginning)] == [keys.segment_record(PREFIX, 7)]


def test_index_objects_sort_in_the_order_of_their_segments() -> None:
    """A listing of the store gives the index in order."""
    numbers = [0, 1, 9, 10, 99, 100, 12_345]

    assert sorted(keys.index(PREFIX, n) for n in numbers) == [keys.index(PREFIX, n) for n in numbers]


def test_blocks_of_samples_are_listed_newest_first() -> None:
    """By the time of their last sample, which their keys tell; and one can begin anywhere."""
    times = [(1_799_999_000, 1_800_000_000), (1_800_000_010, 1_800_000_600), (1_800_000_610, 1_800_001_200)]
    blocks = [keys.sample_block(LIVESTREAM, "primary", first, last, "0123abcd") for first, last in times]
    later, begin = blocks[::-1], keys.samples_until(LIVESTREAM, "primary", 1_800_000_600)

    assert sorted(blocks) == later
    assert [keys.sample_times(each) for each in blocks] == times
    assert [each for each in later if each > begin] == [blocks[1], blocks[0]]


def test_samples_lie_below_their_livestream_and_instance() -> None:
    """To delete a livestream's is to delete those of both instances, and of no other livestream."""
    block = keys.sample_block(LIVESTREAM, "secondary", 10, 20, "0123abcd")

    assert block.startswith(keys.samples(LIVESTREAM, "secondary"))
    assert keys.samples(LIVESTREAM, "secondary").startswith(keys.statistics(LIVESTREAM))
    assert keys.statistics(LIVESTREAM) == f"statistics/{LIVESTREAM}/"


@pytest.mark.parametrize("key", ["", "statistics/x/primary/readme", "a/0000000001-2-.bin", "a/1-2-ff.bin"])
def test_key_of_no_block_tells_no_time(key: str) -> None:
    """Somebody else's object in our folder."""
    assert keys.sample_times(key) is None
