"""Subjects are spelled in one place, and what is built can be taken apart."""

import pytest

from services.common import subjects
from services.common.bus.wire import check_pattern, check_subject

SHARD, BROADCAST = 3, "b" * 32


@pytest.mark.parametrize("instance", ["primary", "secondary"])
def test_instance_of_a_media_subject_is_the_one_it_was_built_with(instance: str) -> None:
    """`instance_of` is the inverse of `media`."""
    assert subjects.instance_of(subjects.media(SHARD, instance, BROADCAST)) == instance


def _covers(pattern: str, subject: str) -> bool:
    wanted, given = pattern.split("."), subject.split(".")
    if wanted[-1] == ">":
        return len(given) >= len(wanted) and given[: len(wanted) - 1] == wanted[:-1]
    return len(wanted) == len(given) and all(w in {"*", g} for w, g in zip(wanted, given, strict=True))


@pytest.mark.parametrize(
    ("stream", "subject"),
    [
        (subjects.media_stream(SHARD), subjects.media(SHARD, "primary", BROADCAST)),
        (subjects.cmaf_stream(SHARD), subjects.ticks(SHARD, BROADCAST)),
        (subjects.cmaf_stream(SHARD), subjects.segments(SHARD, BROADCAST)),
        (subjects.facts_stream(), subjects.fact("encoder_connected", BROADCAST)),
        (subjects.facts_stream(), subjects.fact("viewers_seen", "")),
    ],
)
def test_subject_lies_in_its_stream(stream: subjects.StreamSpec, subject: str) -> None:
    """Every subject is one that its stream takes in, and one that NATS allows."""
    assert _covers(stream.subjects[0], subject)
    assert check_subject(subject) == subject


def test_archivers_hear_segments_and_no_ticks() -> None:
    """The pattern over all broadcasts takes segments only: a tick is no work of an archiver."""
    pattern = subjects.segments(SHARD)

    assert check_pattern(pattern) == pattern
    assert _covers(pattern, subjects.segments(SHARD, BROADCAST))
    assert not _covers(pattern, subjects.ticks(SHARD, BROADCAST))


def test_streams_of_two_shards_share_nothing() -> None:
    """Shards may lie on different servers."""
    assert not _covers(subjects.media_stream(1).subjects[0], subjects.media(2, "primary", BROADCAST))
    assert subjects.media_stream(1).name != subjects.media_stream(2).name
