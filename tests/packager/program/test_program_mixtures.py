"""Random lives of a broadcast: whatever happens, the log keeps its rules."""

import pytest

from tests.packager.program.mixtures import live
from tests.packager.program.rules import assert_all


@pytest.mark.parametrize("tens", range(10))
@pytest.mark.parametrize("deaths", [False, True])
def test_whatever_happens_the_log_keeps_its_rules(tens: int, deaths: bool) -> None:
    """Times only grow, no unit comes twice on one connection, lengths hold, and an heir knows what the writer knew."""
    for seed in range(tens * 10, tens * 10 + 10):
        assert_all(live(seed, deaths=deaths))
