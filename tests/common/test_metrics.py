import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from services.common.metrics import Counter, Registry
from services.common.metrics_table import LABELS, METRICS, Metric, MetricKind

_TABLE = (
    Metric("x_units_total", MetricKind.COUNTER, "", "Units.", ("protocol",)),
    Metric("x_waiting", MetricKind.GAUGE, "", "Waiting."),
    Metric("x_delay_seconds", MetricKind.HISTOGRAM, "seconds", "Delay.", ("kind",), (0.1, 1.0)),
)


def _samples(registry: Registry) -> dict[str, float]:
    """What a foreign parser reads."""
    families = text_string_to_metric_families(registry.render().decode())
    return {
        f"{sample.name}{sorted(sample.labels.items())}": sample.value
        for family in families
        for sample in family.samples
    }


def test_a_foreign_parser_reads_what_was_counted() -> None:
    """Counters, gauges and histograms come out in Prometheus' text format with their labels."""
    registry = Registry(_TABLE)
    registry.counter("x_units_total", protocol="rtmp").inc(3)
    registry.counter("x_units_total", protocol="rtmp").inc()
    registry.gauge("x_waiting").set(2.5)
    delay = registry.histogram("x_delay_seconds", kind="part")
    for seconds in (0.05, 0.1, 0.5, 7.0):
        delay.observe(seconds)

    assert _samples(registry) == {
        "x_units_total[('protocol', 'rtmp')]": 4,
        "x_waiting[]": 2.5,
        "x_delay_seconds_bucket[('kind', 'part'), ('le', '0.1')]": 2,
        "x_delay_seconds_bucket[('kind', 'part'), ('le', '1')]": 3,
        "x_delay_seconds_bucket[('kind', 'part'), ('le', '+Inf')]": 4,
        "x_delay_seconds_sum[('kind', 'part')]": pytest.approx(7.65),
        "x_delay_seconds_count[('kind', 'part')]": 4,
    }


def test_odd_label_values_are_escaped() -> None:
    """A label's value may hold quotes, backslashes and line breaks."""
    registry = Registry(_TABLE)
    registry.counter("x_units_total", protocol='a"b\\c\nd').inc()

    assert _samples(registry) == {"x_units_total[('protocol', 'a\"b\\\\c\\nd')]": 1}


def test_observed_value_is_read_at_the_scrape() -> None:
    """What a program counts anyway is read when somebody looks; the last reader given holds."""
    registry = Registry(_TABLE)
    waiting = [1, 2, 3]
    registry.observe("x_waiting", lambda: 99)
    registry.observe("x_waiting", lambda: len(waiting))
    waiting.append(4)

    assert _samples(registry) == {"x_waiting[]": 4}


def test_reading_that_fails_hides_no_other() -> None:
    """One broken reader costs its own value only."""

    def broken() -> float:
        raise ValueError("gone")

    registry = Registry(_TABLE)
    registry.observe("x_waiting", broken)
    registry.counter("x_units_total", protocol="rtmp").inc()
    with capture_logs() as lines:
        assert _samples(registry) == {"x_units_total[('protocol', 'rtmp')]": 1}
    assert [line["metric"] for line in lines] == ["x_waiting"]


def test_names_and_labels_are_those_of_the_table() -> None:
    """A name that is not in the table, another kind or other labels are refused where they are asked for."""
    registry = Registry(_TABLE)
    with pytest.raises(KeyError):
        registry.counter("x_unheard_of_total")
    with pytest.raises(ValueError, match="is a gauge"):
        registry.counter("x_waiting")
    with pytest.raises(ValueError, match="has the labels"):
        registry.counter("x_units_total", protocol="rtmp", livestream="abc")


def test_gauge_goes_both_ways_and_counter_is_shared() -> None:
    """The same name and labels give the same instrument."""
    registry = Registry(_TABLE)
    gauge = registry.gauge("x_waiting")
    gauge.inc(3)
    gauge.dec()

    assert registry.gauge("x_waiting").value == 2
    assert isinstance(registry.counter("x_units_total", protocol="a"), Counter)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_rows_of_the_table_keep_its_rules(metric: Metric) -> None:
    """Names tell program, unit and kind; labels are of the closed list; descriptions are sentences."""
    stem = metric.name.removesuffix("_total")

    assert metric.name.startswith(("headwater_", "process_"))
    assert (metric.name != stem) == (metric.kind is MetricKind.COUNTER)
    assert stem.endswith(metric.unit)
    assert LABELS.issuperset(metric.labels)
    assert not LABELS & {"connection", "session", "livestream", "broadcast", "id"}
    assert bool(metric.bounds) == (metric.kind is MetricKind.HISTOGRAM)
    assert sorted(metric.bounds) == list(metric.bounds)
    assert metric.description.endswith(".")


def test_table_names_each_metric_once() -> None:
    """One name, one row."""
    assert len({metric.name for metric in METRICS}) == len(METRICS)
