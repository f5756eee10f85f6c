"""The comparison with samples sees what is otherwise, and nothing else."""

from typing import Any

import pytest

from tests.api.dialects.shape import differences

SAMPLE = {
    "uid": "66be4bf738797e01e1fca35a7bdecdcd",
    "made": "2014-01-02T02:20:00Z",
    "url": "rtmps://live.example:443/live/",
    "play": "https://x.example/7de6a3fec0f9c05bf1df140950d3a237/manifest/video.m3u8",
    "count": 45,
    "said": [{"code": 1000}],
    "inner": {"is": True, "name": None},
}


def test_other_values_of_the_same_shape_are_no_difference() -> None:
    """Other ids, times, hosts, numbers, and more entries."""
    found = {
        "uid": "ab" * 16,
        "made": "2026-11-21T00:00:00.5Z",
        "url": "rtmps://h/live/",
        "play": "https://y/0123456789abcdef0/manifest/video.m3u8",
        "count": 0,
        "said": [{"code": 1}, {"code": 2}],
        "inner": {"is": False, "name": None},
    }
    assert differences(SAMPLE, found) == {}


@pytest.mark.parametrize(
    ("change", "path", "words"),
    [
        ({"uid": "66be4bf7-3879-7e01-e1fc-a35a7bdecdcd"}, "uid", "id is uuid"),
        ({"made": 1388629200}, "made", "time is number"),
        ({"url": "rtmps://h/live"}, "url", "rtmps:/live/ is rtmps:/live"),
        ({"count": "45"}, "count", "number is word"),
        ({"count": True}, "count", "number is bool"),
        ({"said": []}, "said", "empty"),
        ({"said": [{"code": 1}, {"code": "1"}]}, "said[].code", "number is word"),
        ({"inner": {"is": True}}, "inner.name", "missing"),
        ({"inner": {"is": True, "name": ""}}, "inner.name", "null is word"),
        ({"more": 1}, "more", "added"),
    ],
)
def test_difference_is_told_with_its_place(change: dict[str, Any], path: str, words: str) -> None:
    """One at a time."""
    assert differences(SAMPLE, SAMPLE | change) == {path: words}
