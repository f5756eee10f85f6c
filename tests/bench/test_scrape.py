"""Prometheus' text, read as its own client libraries write it."""

import math

from services.common.metrics import Registry
from tests.bench import scrape

TEXT = """# HELP delay_seconds From the log's stamp.
# TYPE delay_seconds histogram
delay_seconds_bucket{le="0.01"} 90
delay_seconds_bucket{le="0.1"} 98
delay_seconds_bucket{le="+Inf"} 100
delay_seconds_sum 1.5
delay_seconds_count 100
requests_total{kind="a b",code="2xx"} 7
requests_total{kind="c",code="5xx"} 2e0
requests_total_other 100
"""


def test_samples_are_read_with_their_labels() -> None:
    """A series is its name and labels as written."""
    samples = scrape.parse(TEXT)

    assert samples["delay_seconds_sum"] == 1.5
    assert samples['requests_total{kind="a b",code="2xx"}'] == 7
    assert len(samples) == 8


def test_total_is_over_all_labels_of_that_name_alone() -> None:
    """A longer name that begins the same is another metric."""
    assert scrape.total(scrape.parse(TEXT), "requests_total") == 9


def test_histogram_tells_the_bucket_of_a_share() -> None:
    """A share falls into the first bucket that holds it; above the last bound nothing more is known."""
    histogram = scrape.buckets(scrape.parse(TEXT), "delay_seconds")

    assert scrape.bound_of(histogram, 0.5) == 0.01
    assert scrape.bound_of(histogram, 0.98) == 0.1
    assert scrape.bound_of(histogram, 0.99) == math.inf


def test_histogram_without_observations_tells_zero() -> None:
    """Nothing was late where nothing came."""
    assert scrape.bound_of({0.1: 0.0, math.inf: 0.0}, 0.99) == 0.0
    assert scrape.bound_of({}, 0.99) == 0.0


def test_difference_of_two_readings_counts_only_what_came_between() -> None:
    """Series that are new in the second reading began at zero."""
    assert scrape.between({"a": 5.0}, {"a": 7.0, "b": 3.0}) == {"a": 2.0, "b": 3.0}


def test_what_our_programs_write_is_read() -> None:
    """The benchmark reads the format of our own registry, histograms too."""
    registry = Registry()
    registry.histogram("headwater_packager_part_delay_seconds").observe(0.004)
    registry.counter("headwater_ingest_refused_total", protocol="rtmp", reason="key").inc(3)

    samples = scrape.parse(registry.render().decode())

    assert scrape.bound_of(scrape.buckets(samples, "headwater_packager_part_delay_seconds"), 1.0) == 0.005
    assert scrape.total(samples, "headwater_ingest_refused_total") == 3
