"""One server under more and more streams: what each of its programs uses for a second of a stream."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.bench.accounting import Usage, usage
from tests.bench.encoders import Encoders
from tests.bench.progress import wait

SPREAD_S = 2.0
"""Encoders begin over one GOP, or all key frames would come at once."""


class Target(Protocol):
    """A server that takes streams."""

    @property
    def name(self) -> str: ...
    def push_url(self, index: int) -> str: ...
    def pids(self) -> Mapping[str, int]: ...
    def alone(self) -> set[str]: ...


@dataclass(frozen=True)
class Reading:
    """One window of time with so many streams."""

    streams: int
    seconds: float
    cpu_ms: Mapping[str, float]
    """By program, for each second of each stream (of the window alone where there are no streams)."""
    rss: Mapping[str, int]
    """By program, bytes at the end."""
    lag_s: float
    """How much the slowest encoder fell behind real time in the window."""
    restarted: tuple[str, ...] = ()
    """Programs whose process changed within the window: their figures are of the new one alone."""


def cpu_ms(before: Mapping[str, Usage], after: Mapping[str, Usage], stream_seconds: float) -> dict[str, float]:
    """CPU milliseconds a stream-second, for the programs that were there both times."""
    return {name: (after[name].cpu_s - before[name].cpu_s) * 1000 / stream_seconds for name in after if name in before}


def load(
    target: Target, film: Path, folder: Path, counts: Sequence[int], *, warm_up_s: float, seconds: float
) -> Iterator[Reading]:
    """A reading before any stream, then one for each of the growing `counts`; the streams run until the last is taken.

    RuntimeError if an encoder is thrown out.
    """
    with Encoders(film, folder / f"encoders-{target.name}") as encoders:
        yield _reading(target, encoders, min(seconds, 5.0))
        for count in sorted(set(counts)):
            for index in range(encoders.count, count):
                encoders.start(target.push_url(index))
                time.sleep(SPREAD_S / count)
            wait(warm_up_s, f"{target.name}, {count} streams, warming up")
            yield _reading(target, encoders, seconds)


def _reading(target: Target, encoders: Encoders, seconds: float) -> Reading:
    pids, sent = target.pids(), encoders.sent_s()
    before, began = usage(pids, alone=target.alone()), time.monotonic()
    wait(seconds, f"{target.name}, {encoders.count} streams, measuring")
    after, took = usage(pids, alone=target.alone()), time.monotonic() - began
    now_sent, now = encoders.sent_s(), target.pids()
    if failed := encoders.failed():
        raise RuntimeError("\n".join(failed))
    return Reading(
        streams=encoders.count,
        seconds=took,
        cpu_ms=cpu_ms(before, after, took * max(encoders.count, 1)),
        rss={name: one.rss for name, one in after.items()},
        lag_s=max((took - (late - early) for early, late in zip(sent, now_sent, strict=True)), default=0.0),
        restarted=tuple(name for name in pids if now.get(name) != pids[name]),
    )


def summed(figures: Mapping[str, float], names: Callable[[str], bool]) -> float:
    """The sum over the programs that `names` takes."""
    return sum(value for name, value in figures.items() if names(name))
