"""The table of what is measured."""

import pytest

from headwater.internal.v1.samples_pb2 import SampleBlock
from services.stats.figures import FIGURES, Counts


def test_every_figure_has_its_place_everywhere() -> None:
    """The table, the figures of an instance and the columns of a block name the same."""
    columns = {figure.column for figure in FIGURES}

    assert columns == set(Counts.__dataclass_fields__)
    assert columns == set(SampleBlock.DESCRIPTOR.fields_by_name) - {"livestream_id", "instance", "first_s", "steps_s"}


def test_figures_have_names_of_their_own() -> None:
    """In Redis, too, or one would be written over another."""
    assert len({figure.field for figure in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [(Counts(), True), (Counts(bitrate_bps=1), True), (Counts(1), False), (Counts(0, 1), False)],
)
def test_nobody_there_is_empty(counts: Counts, expected: bool) -> None:
    """A rate that is still known of one who has gone is nobody."""
    assert counts.is_empty is expected
