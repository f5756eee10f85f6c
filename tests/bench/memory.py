"""`memory`: what one more stream costs, and whether it is given back when the streams have ended."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from tests.bench.accounting import usage
from tests.bench.film import film
from tests.bench.headwater import Headwater
from tests.bench.load import Reading, load
from tests.bench.progress import wait
from tests.bench.streams import MB, is_ours, memory_table
from tests.bench.table import Cell, Table

_AFTERWARDS_S = 20.0


def run(options: Namespace, folder: Path) -> list[Table]:
    """Growing numbers of streams, then none."""
    source = film()
    with Headwater(folder, options.settings) as system:
        windows = {"warm_up_s": max(options.warm_up, options.seconds / 2), "seconds": 2.0}
        readings = list(load(system, source, folder, options.streams, **windows))
        for index in range(readings[-1].streams):
            system.end(index)
        wait(min(_AFTERWARDS_S, options.seconds), "streams ended, memory settling")
        left = {name: one.rss for name, one in usage(system.pids(), alone=system.alone()).items()}
    return [memory_table(readings), _given_back(readings, left)]


def _given_back(readings: Sequence[Reading], left: dict[str, int]) -> Table:
    most = readings[-1].rss
    names = sorted(name for name in left if is_ours(name) and name in most)
    rows: list[tuple[Cell, ...]] = [
        (name, readings[0].rss.get(name, 0) / MB, most[name] / MB, left[name] / MB) for name in names
    ]
    return Table("After the broadcasts have ended, MB", ("program", "idle before", "at most", "after"), rows)
