"""Random lives of a broadcast: whatever happens, the log keeps its rules."""

import pytest

from tests.packager.program.mixtures import live
from tests.packager.program.rules import assert_all, samples


@pytest.mark.parametrize("tens", range(10))
@pytest.mark.parametrize("deaths", [False, True])
def test_whatever_happens_the_log_keeps_its_rules(tens: int, deaths: bool) -> None:
    """Times only grow, no unit comes twice on one connection, lengths hold; an heir knows what the writer knew."""
    for seed in range(tens * 10, tens * 10 + 10):
        logs = live(seed, deaths=deaths)

        assert_all(logs)
        assert logs.ticks[-1][1].end.reason == "order"
        assert any(samples(logs))
