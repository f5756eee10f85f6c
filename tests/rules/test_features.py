"""docs/features.md tells each feature once, and what it says is shown is shown by a test that is there."""

import re

import pytest

from tests.rules import tree

DOCUMENT = "docs/features.md"
FEATURES = 60
ROW = re.compile(r"^\| F(\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*)\|$", re.MULTILINE)
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
STANDS = re.compile(r"works|later|not ours")

ROWS = ROW.findall(tree.text(DOCUMENT))


def test_every_feature_is_there_once_and_in_order() -> None:
    """From F1 to F60, each with one of the three words."""
    assert [int(number) for number, *_ in ROWS] == list(range(1, FEATURES + 1))
    assert [number for number, _, stands, _ in ROWS if not STANDS.match(stands)] == []


def test_feature_names_tests_if_it_works_and_none_if_not() -> None:
    """Nothing works by assertion alone."""
    assert [number for number, _, stands, shown in ROWS if stands.startswith("works") != bool(shown.strip())] == []


@pytest.mark.parametrize(("number", "shown"), [(number, shown) for number, _, _, shown in ROWS if shown.strip()])
def test_named_test_is_there(number: str, shown: str) -> None:
    """Under that name in that file; and nothing but tests is named."""
    named = NAMED.findall(shown)

    assert len(named) == shown.count("::"), number
    for file, test in named:
        assert file in tree.files(), file
        assert test in {function.name for function in tree.functions(file)}, f"{file}::{test}"
