"""`streams`: CPU for each second of each stream, by program; whether any stream falls behind; memory a stream."""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench import scrape
from tests.bench.figures import slope
from tests.bench.film import film
from tests.bench.headwater import SERVERS, Headwater
from tests.bench.load import Reading, load, summed
from tests.bench.table import Cell, Table
from tests.bench.tick_log import behind_now

MB = 1_000_000
GOAL_MS = 8.0
_DELAY = "headwater_packager_part_delay_seconds"


@dataclass(frozen=True)
class Health:
    """What tells whether the streams of one window were kept up with."""

    part_delay_mean_ms: float
    part_delay_p99_ms: float
    """The bucket's upper bound."""
    ticks: float
    behind_s: float
    """Of the stream that is furthest behind: clock less date of its newest part's first sample."""
    dropped: float
    lost: float


def is_ours(program: str) -> bool:
    return program not in SERVERS


def run(options: Namespace, folder: Path) -> list[Table]:
    """The tables of CPU, of keeping up, and of memory."""
    source = film()
    with Headwater(folder, options.settings) as system:
        windows = {"seconds": options.seconds, "warm_up_s": options.warm_up}
        readings = list(observed(system, source, folder, options.streams, **windows))
    figures = [reading for reading, _ in readings]
    return [cpu_table(figures), _health_table(readings[1:]), memory_table(figures)]


def observed(
    system: Headwater, source: Path, folder: Path, counts: Sequence[int], *, seconds: float, warm_up_s: float
) -> Iterator[tuple[Reading, Health]]:
    """Each reading with what the programs themselves say of the time since the one before."""
    before = _said(system)
    for reading in load(system, source, folder, counts, seconds=seconds, warm_up_s=warm_up_s):
        after = _said(system)
        yield reading, _health(system, reading.streams, scrape.between(before, after))
        before = after


def _said(system: Headwater) -> dict[str, float]:
    return system.metrics("packager") | system.metrics("ingest")


def _health(system: Headwater, streams: int, counted: Mapping[str, float]) -> Health:
    delays = scrape.buckets(counted, _DELAY)
    parts = counted.get(f"{_DELAY}_count", 0.0)
    behind = behind_now(system.nats_url, [system.broadcast(index) for index in range(streams)])
    return Health(
        part_delay_mean_ms=1000 * counted.get(f"{_DELAY}_sum", 0.0) / parts if parts else 0.0,
        part_delay_p99_ms=1000 * scrape.bound_of(delays, 0.99),
        ticks=counted.get("headwater_packager_ticks_total", 0.0),
        behind_s=max(behind, default=0.0),
        dropped=scrape.total(counted, "headwater_ingest_dropped_units_total"),
        lost=scrape.total(counted, "headwater_packager_lost_messages_total"),
    )


def cpu_table(readings: Sequence[Reading]) -> Table:
    """Our programs, their total, and the servers apart."""
    loaded = [reading for reading in readings if reading.streams]
    ours = sorted({name for reading in loaded for name in reading.cpu_ms if is_ours(name)})
    rows: list[tuple[Cell, ...]] = [(name, *(one.cpu_ms.get(name) for one in loaded)) for name in ours]
    rows.append(("our programs", *(summed(one.cpu_ms, is_ours) for one in loaded)))
    rows.extend((name, *(one.cpu_ms.get(name) for one in loaded)) for name in SERVERS)
    rows.append(("with servers", *(summed(one.cpu_ms, lambda _: True) for one in loaded)))
    notes = [f"goal: our programs at most {GOAL_MS:g} ms"]
    notes += [f"{one.streams} streams: {name} was started again" for one in readings for name in one.restarted]
    title = f"CPU ms for each second of each stream, over {loaded[-1].seconds:.0f} s" if loaded else "no streams"
    return Table(title, ("program", *(f"{one.streams} streams" for one in loaded)), rows, tuple(notes))


def _health_table(readings: Sequence[tuple[Reading, Health]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        ("part in the log after its last unit, mean ms", *(one.part_delay_mean_ms for _, one in readings)),
        ("… p99 at most ms", *(one.part_delay_p99_ms for _, one in readings)),
        ("newest part's start behind the clock, worst stream, s", *(one.behind_s for _, one in readings)),
        ("encoder slower than real time, worst, s", *(reading.lag_s for reading, _ in readings)),
        ("units dropped by ingest", *(one.dropped for _, one in readings)),
        ("units missing in the media log", *(one.lost for _, one in readings)),
        ("ticks written since the window before", *(one.ticks for _, one in readings)),
    ]
    columns = ("does any stream fall behind?", *(f"{reading.streams} streams" for reading, _ in readings))
    return Table("Keeping up", columns, rows)


def memory_table(readings: Sequence[Reading]) -> Table:
    """Resident memory, and what one more stream adds."""
    names = sorted({name for one in readings for name in one.rss}, key=lambda name: (not is_ours(name), name))
    rows: list[tuple[Cell, ...]] = [
        (name, *(one.rss.get(name, 0) / MB for one in readings), _slope(readings, [name])) for name in names
    ]
    ours = [name for name in names if is_ours(name)]
    total = (sum(one.rss.get(name, 0) for name in ours) / MB for one in readings)
    rows.append(("our programs", *total, _slope(readings, ours)))
    columns = ("program", *(f"{one.streams} streams" for one in readings), "MB a stream")
    return Table("Resident memory, MB", columns, rows, ("a stream: slope of the straight line through all columns",))


def _slope(readings: Sequence[Reading], names: Sequence[str]) -> float:
    return slope([(one.streams, sum(one.rss.get(name, 0) for name in names) / MB) for one in readings])
