"""What a program says at /metrics, in Prometheus' text format."""

import re
import urllib.request
from collections.abc import Mapping

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{([^}]*)\})?\s+(\S+)", re.ASCII)
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

Samples = Mapping[str, float]
"""Series as written, "name" or `name{label="value"}`, and its value."""


def parse(text: str) -> dict[str, float]:
    """All samples; comments are passed over."""
    found = {}
    for line in text.splitlines():
        match = _SAMPLE.match(line)
        if match:
            name, labels, value = match.groups()
            found[f"{name}{{{labels}}}" if labels else name] = float(value)
    return found


def read(port: int, *, timeout_s: float = 5.0) -> dict[str, float]:
    """What the program whose metrics port this is says now; OSError if it does not answer."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=timeout_s) as answer:
        return parse(answer.read().decode())


def total(samples: Samples, name: str) -> float:
    """The sum of a metric over its labels."""
    return sum(value for series, value in samples.items() if series.partition("{")[0] == name)


def buckets(samples: Samples, name: str) -> dict[float, float]:
    """A histogram: upper bound and how many observations were at most that, over all other labels."""
    found: dict[float, float] = {}
    for series, value in samples.items():
        head, _, labels = series.partition("{")
        bound = dict(_LABEL.findall(labels)).get("le")
        if head == f"{name}_bucket" and bound is not None:
            found[float(bound)] = found.get(float(bound), 0.0) + value
    return found


def between(before: Samples, after: Samples) -> dict[str, float]:
    """What was counted from one reading to the next."""
    return {series: value - before.get(series, 0.0) for series, value in after.items()}


def bound_of(histogram: Mapping[float, float], share: float) -> float:
    """The least bound that `share` (0 to 1) of the observations do not exceed; 0 of none, infinity above the last."""
    count = max(histogram.values(), default=0.0)
    if count <= 0:
        return 0.0
    return min((bound for bound, seen in histogram.items() if seen >= share * count), default=float("inf"))
