"""Object keys are spelled in one place, under a prefix nobody can guess."""

import inspect

import pytest

from services.common import keys

PREFIX = "b" * 32 + "-" + "5" * 32

EVERY = [
    keys.segment(PREFIX, "video", 7),
    keys.init(PREFIX, "video", "abc123"),
    keys.rendition(PREFIX, "video", "abc123"),
    keys.index(PREFIX, 2),
    keys.segment_record(PREFIX, 7),
    keys.recording(PREFIX),
    keys.download(PREFIX, "MP4"),
    keys.captions(PREFIX, "en"),
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
    with, and a livestream's `thumbnail` outlives its recordings.
    """
    spellings = [name for name, found in inspect.getmembers(keys, inspect.isfunction) if not name.startswith("_")]

    assert len(spellings) == len(EVERY) + 2


def test_segment_records_are_listed_by_their_beginning() -> None:
    """One listing finds the records of all segments, and nothing else."""
    beginning = keys.segment_records(PREFIX)

    assert [key for key in EVERY if key.startswith(beginning)] == [keys.segment_record(PREFIX, 7)]


def test_index_objects_sort_in_the_order_of_their_segments() -> None:
    """A listing of the store gives the index in order."""
    numbers = [0, 1, 9, 10, 99, 100, 12_345]

    assert sorted(keys.index(PREFIX, n) for n in numbers) == [keys.index(PREFIX, n) for n in numbers]
