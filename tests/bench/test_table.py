"""Tables as people and as programs see them."""

import json
import math

import pytest

from tests.bench.table import Table, show

TABLE = Table(
    "CPU", ("program", "1 streams", "errors"), [("ingest", 1.234, "none"), ("all", 12345.6, "2 x lost")], ("so",)
)


def test_numbers_stand_to_the_right_and_words_to_the_left() -> None:
    """Columns line up."""
    lines = TABLE.text().splitlines()

    assert lines[2] == "program  1 streams  errors"
    assert lines[4] == "ingest        1.23  none"
    assert lines[5] == "all         12,346  2 x lost"
    assert lines[-1] == "so"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "-"),
        (math.nan, "-"),
        (0.004, "0.00"),
        (9.994, "9.99"),
        (12.34, "12.3"),
        (1234.5, "1,234"),
        (17000, "17,000"),
    ],
)
def test_number_is_shown_with_the_digits_that_mean_something(cell: float | None, text: str) -> None:
    """About three digits; "-" for what was not measured."""
    assert show(cell) == text


def test_data_is_json_with_a_name_for_each_cell() -> None:
    """What is no number becomes null, because JSON knows none of them."""
    data = json.loads(json.dumps(Table("t", ("a", "b"), [(math.nan, 1), (math.inf, 2)]).data(), allow_nan=False))

    assert data == {"title": "t", "rows": [{"a": None, "b": 1}, {"a": None, "b": 2}], "notes": []}


def test_row_of_another_length_is_an_error() -> None:
    """A cell never slips under another heading."""
    with pytest.raises(ValueError, match="zip"):
        Table("t", ("a", "b"), [(1,)]).data()
