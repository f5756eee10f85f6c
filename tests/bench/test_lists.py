"""Questions to lists, and their tables."""

import random
from collections import Counter
from itertools import islice

from tests.bench.estate import Estate
from tests.bench.list_asking import Took
from tests.bench.list_questions import Question, other, questions
from tests.bench.lists import list_table

ESTATE = Estate(livestreams=20, media=60, now_us=1_767_225_600_000_000)


def test_questions_are_the_same_each_time_and_go_to_every_list() -> None:
    """And each list's filters come up."""
    first, second = (list(islice(questions(ESTATE, 7), 400)) for _ in range(2))
    assert [one.target for one, _ in first] == [one.target for one, _ in second]
    assert len(Counter(one.kind for one, _ in first)) == 7
    asked = {name for one, _ in first for name in one.params}
    assert {"state", "name", "creator", "appId", "after", "before", "orderBy", "showDeleted", "livestreamId"} <= asked
    assert {"search", "status", "type", "include_counts", "start", "end", "asc", "sort", "sort_order"} <= asked


def test_further_pages_are_next_middle_and_last() -> None:
    """By token where there is one, else by number; never behind the end."""
    dice = random.Random(3)
    first, listing = next((one, of) for one, of in questions(ESTATE, 7) if one.kind == "/v1/media")
    size = int(first.params["pageSize"])
    answer = {"totalCount": 10 * size, "nextPageToken": "next"}
    asked = [other(first, listing, answer, dice).params for _ in range(200)]
    pages = {int(each.get("page", 1)) for each in asked if "pageToken" not in each}
    assert {6, 10} <= pages <= set(range(1, 11))
    assert any(each.get("pageToken") == "next" and "page" not in each for each in asked)


def test_table_has_each_list_and_all_together() -> None:
    """With the slowest question in words."""
    took = [Took(Question(kind, "/x", {"n": ms}), float(ms), 1000) for kind in "ab" for ms in (1, 2, 30)]
    table = list_table(took)
    assert table.rows[0] == ("a", 3, 2.0, 30.0, 30.0, 1.0)
    assert table.rows[-1] == ("all", 6, 2.0, 30.0, 30.0, 1.0)
    assert "/x?n=30" in table.notes[1]
