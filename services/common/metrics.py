"""Counters, gauges and histograms, read by Prometheus from each program's metrics port.

Plain Python numbers, rendered when somebody scrapes: an `inc` is 0.07 us, where prometheus-client takes 0.7 us and
the OpenTelemetry meter 9.6 us (docs/decisions.md). What a program counts anyway it need not count twice: `observe`
reads it at the scrape. Names, descriptions and labels are those of `metrics_table`; no other name can be used.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator
from typing import Final, TypeVar, cast

from services.common.log import get_logger
from services.common.metrics_table import METRICS, Metric, MetricKind

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_log = get_logger(__name__)

Labels = tuple[str, ...]
Samples = Iterator[tuple[str, str, float]]
"""Suffix of the name, labels as written, value."""


class Counter:
    """Only ever grows. Safe from one thread; hold it, do not look it up for each `inc`."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value: float = 0

    def inc(self, by: float = 1) -> None:
        self.value += by

    def samples(self, labels: str) -> Samples:
        yield "", labels, self.value


class Gauge(Counter):
    """Goes up and down."""

    __slots__ = ()

    def set(self, value: float) -> None:
        self.value = value

    def dec(self, by: float = 1) -> None:
        self.value -= by


class Histogram:
    """How many observations fell under each bound."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe(self, value: float) -> None:
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def samples(self, labels: str) -> Samples:
        total = 0
        for bound, count in zip((*map(_number, self._bounds), "+Inf"), self._counts, strict=True):
            total += count
            yield "_bucket", f'{labels},le="{bound}"' if labels else f'le="{bound}"', total
        yield "_sum", labels, self._sum
        yield "_count", labels, total


class _Observed:
    """Asks when it is scraped."""

    __slots__ = ("_read",)

    def __init__(self, read: Callable[[], float]) -> None:
        self._read = read

    def samples(self, labels: str) -> Samples:
        yield "", labels, self._read()


Instrument = Counter | Histogram | _Observed
T = TypeVar("T", bound=Instrument)


class Registry:
    """The instruments of one process, one for each name and set of labels."""

    def __init__(self, table: tuple[Metric, ...] = METRICS) -> None:
        self._table = {metric.name: metric for metric in table}
        self._instruments: dict[str, dict[Labels, Instrument]] = {}

    def counter(self, name: str, **labels: str) -> Counter:
        """The counter of that name; KeyError for a name that is not in the table, ValueError for other labels."""
        return self._get(name, MetricKind.COUNTER, labels, Counter)

    def gauge(self, name: str, **labels: str) -> Gauge:
        return self._get(name, MetricKind.GAUGE, labels, Gauge)

    def histogram(self, name: str, **labels: str) -> Histogram:
        return self._get(name, MetricKind.HISTOGRAM, labels, lambda: Histogram(self._table[name].bounds))

    def observe(self, name: str, read: Callable[[], float], **labels: str) -> None:
        """Have `read()` called at each scrape for a counter's or gauge's value; the last one given holds."""
        series = self._series(name, labels)
        self._instruments.setdefault(name, {})[series] = _Observed(read)

    def render(self) -> bytes:
        """All of them in Prometheus' text format 0.0.4."""
        lines: list[str] = []
        for name in sorted(self._instruments):
            metric = self._table[name]
            lines += (f"# HELP {name} {metric.description}", f"# TYPE {name} {metric.kind.value}")
            for series, instrument in self._instruments[name].items():
                lines += _lines(metric, series, instrument)
        return "\n".join((*lines, "")).encode()

    def _get(self, name: str, kind: MetricKind, labels: dict[str, str], make: Callable[[], T]) -> T:
        series = self._series(name, labels)
        if self._table[name].kind is not kind:
            raise ValueError(f"{name} is a {self._table[name].kind.value}, not a {kind.value}")
        known = self._instruments.setdefault(name, {})
        return cast("T", known.setdefault(series, make()))

    def _series(self, name: str, labels: dict[str, str]) -> Labels:
        metric = self._table[name]
        if set(labels) != set(metric.labels):
            raise ValueError(f"{name} has the labels {metric.labels}, not {tuple(labels)}")
        return tuple(labels[label] for label in metric.labels)


def _lines(metric: Metric, series: Labels, instrument: Instrument) -> list[str]:
    labels = ",".join(f'{label}="{_escape(value)}"' for label, value in zip(metric.labels, series, strict=True))
    try:
        samples = list(instrument.samples(labels))
    except Exception as error:  # noqa: BLE001  one reading that fails must not hide all the others
        _log.warning("metric not readable", metric=metric.name, error=repr(error))
        return []
    return [
        f"{metric.name}{suffix}{{{written}}} {_number(value)}" if written else f"{metric.name}{suffix} {_number(value)}"
        for suffix, written, value in samples
    ]


def _number(value: float) -> str:
    return str(int(value)) if value == value // 1 else repr(float(value))


def _escape(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


_process = Registry()
counter = _process.counter
gauge = _process.gauge
histogram = _process.histogram
observe = _process.observe
render = _process.render
