"""What a watch of the player page is summed up to."""

from typing import Any

from tests.bench.player import report

LOOK: dict[str, Any] = {
    "behind": 1.0,
    "errors": [],
    "fatal": 0,
    "stalls": 1,
    "first": 450.0,
    "at": 0.0,
    "dropped": 0,
    "now": 5000,
}


def rows(seen: list[dict[str, Any]]) -> dict[str, Any]:
    return {str(row[0]): row[1] for row in report(seen, 60).rows}


def test_delay_counts_only_once_the_player_has_found_its_place() -> None:
    """The first seconds after the first frame are left out of the delay."""
    seen = [{**LOOK, "behind": 9.0, "after": 0.2}, {**LOOK, "after": 6.0}, {**LOOK, "behind": None, "after": 7.0}]

    assert rows(seen)["behind live, most s"] == 1.0


def test_errors_are_counted_and_named() -> None:
    """Each stands below the table with its moment, and says whether it was fatal."""
    stalled = {"details": "bufferStalledError", "fatal": False, "at": 4700}
    lost = {"details": "fragLoadError", "fatal": True, "at": 17_000}
    seen = [{**LOOK, "after": 6.0}, {**LOOK, "after": 7.0, "errors": [stalled, lost], "now": 6000}]

    assert rows(seen)["error events"] == 2
    assert report(seen, 60).notes == (
        "bufferStalledError (not fatal), -0.3 s from the first frame",
        "fragLoadError (fatal), +12.0 s from the first frame",
    )


def test_player_that_never_told_its_delay_has_none() -> None:
    """No date in the playlist is not a delay of zero."""
    assert rows([{**LOOK, "behind": None, "after": 6.0}])["behind live, most s"] is None
