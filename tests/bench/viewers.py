"""`viewers`: LL-HLS viewers of one stream of 4 Mbit/s, the origins on one core and the viewers on another."""

import asyncio
import json
import os
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.common.clock import SystemClock
from tests.bench.accounting import pin, usage
from tests.bench.encoders import Encoders, guarded
from tests.bench.figures import percentile
from tests.bench.film import film
from tests.bench.headwater import Headwater
from tests.bench.needs import UnavailableError
from tests.bench.progress import say
from tests.bench.table import Cell, Table
from tests.bench.tick_log import Place, stamps
from tests.bench.web import live_playlists

_SETTLE_S = 4.0
_TELL_S = 120.0
_COLUMNS = (
    "viewers",
    "origin CPU ms a viewer-second",
    "origin CPU %",
    "part late p50 ms",
    "p99 ms",
    "most ms",
    "parts a viewer-second",
    "parts missing",
    "errors",
    "viewers' own CPU %",
)


@dataclass(frozen=True)
class Lateness:
    """How late parts were, over all viewers and renditions."""

    seconds: list[float]
    missing: int
    """Parts that were in the log within the window and did not reach a viewer."""


def lateness(
    arrivals: Iterable[tuple[Place, Sequence[float]]], stamped: Mapping[Place, float], viewers: int
) -> Lateness:
    """From the moment a part is in the log to its last byte at each viewer, for the parts in `stamped`."""
    late: list[float] = []
    missing = 0
    for place, times in arrivals:
        if place in stamped:
            late.extend(at - stamped[place] for at in times)
            missing += viewers - len(times)
    return Lateness(late, missing)


def run(options: Namespace, folder: Path) -> list[Table]:
    """A row for each number of viewers, and then who waits for one playlist."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise UnavailableError("the origins need a core of their own, and this machine has one")
    source = film()
    with Headwater(folder, options.settings) as system, Encoders(source, folder) as encoders:
        encoders.start(system.push_url(0))
        urls = live_playlists(system.origin, system.livestream(0)["id"], at_least_segments=4)
        origins = {name: pid for name, pid in system.pids().items() if name.startswith("origin")}
        pin((pid for name, pid in system.pids().items() if name not in origins), set(cores[:-1]))
        pin(origins.values(), {cores[-1]})
        rows = [
            asyncio.run(_watched(system, origins, urls, count=count, seconds=options.seconds, cores=set(cores[:-1])))
            for count in options.viewers
        ]
        waited = _blocked(urls[0], options.blocked, set(cores[:-1]))
    notes = (
        f"over {options.seconds:g} s each; late: from the log's own stamp on the part to its last byte at the viewer",
        "goals: at most 1 ms at 300 viewers; 1,000 on one core without an error, p99 at most 300 ms",
        "where the viewers' own CPU is near 100 %, they are what is late",
    )
    return [Table("LL-HLS viewers of one stream, all origins on one core", _COLUMNS, rows, notes), waited]


async def _watched(
    system: Headwater, origins: Mapping[str, int], urls: Sequence[str], *, count: int, seconds: float, cores: set[int]
) -> tuple[Cell, ...]:
    clock = SystemClock()
    async with stamps(system.nats_url, system.broadcast(0)) as stamped:
        with _crowd(count, urls, cores) as crowd:
            await asyncio.to_thread(_await_all, crowd, count)
            await asyncio.sleep(_SETTLE_S)
            say(f"{count} viewers, measuring: {seconds:.0f} s")
            before, began, since = usage(_both(origins, crowd)), time.monotonic(), clock.now()
            await asyncio.sleep(seconds)
            after, took, until = usage(_both(origins, crowd)), time.monotonic() - began, clock.now()
            await asyncio.sleep(_SETTLE_S)
            told, _ = await asyncio.to_thread(crowd.communicate, None, _TELL_S)
        within = {place: at for place, at in stamped.items() if since <= at < until}
    used = {name: after[name].cpu_s - before[name].cpu_s for name in after}
    return _row(json.loads(told), count, took, used, within)


def _row(
    told: dict[str, Any], count: int, took: float, used: Mapping[str, float], within: Mapping[Place, float]
) -> tuple[Cell, ...]:
    arrivals = [((msn, part), times) for one in told["renditions"] for msn, part, times in one["arrivals"]]
    late = lateness(arrivals, within, count)
    of_origins = sum(cpu for name, cpu in used.items() if name != "viewers")
    errors = {what: number for one in told["renditions"] for what, number in one["errors"].items()}
    return (
        count,
        1000 * of_origins / count / took,
        100 * of_origins / took,
        1000 * percentile(late.seconds, 0.5),
        1000 * percentile(late.seconds, 0.99),
        1000 * max(late.seconds, default=float("nan")),
        len(late.seconds) / count / took,
        late.missing,
        ", ".join(f"{number} x {what}" for what, number in errors.items()) or "none",
        100 * used.get("viewers", 0.0) / took,
    )


def _both(origins: Mapping[str, int], crowd: "subprocess.Popen[str]") -> dict[str, int]:
    return {**origins, "viewers": crowd.pid}


def _crowd(count: int, urls: Sequence[str], cores: set[int]) -> "subprocess.Popen[str]":
    say(f"{count} viewers are coming")
    where = ",".join(map(str, sorted(cores)))
    command = ["taskset", "-c", where, sys.executable, "-m", "tests.bench.crowd", str(count), *urls]
    return subprocess.Popen(guarded(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _await_all(crowd: "subprocess.Popen[str]", count: int) -> None:
    line = crowd.stdout.readline() if crowd.stdout else ""
    if line != "watching\n":
        raise RuntimeError(f"{count} viewers did not all get in")


def _blocked(url: str, count: int, cores: set[int]) -> Table:
    say(f"{count} wait for one playlist")
    where = ",".join(map(str, sorted(cores)))
    command = ["taskset", "-c", where, sys.executable, "-m", "tests.bench.blocked", str(count), url]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TELL_S)
    told = json.loads(done.stdout)
    columns = ("waited for one playlist", "answered 200", "p50 ms after the first", "last ms", "far ahead: status")
    row = (told["asked"], told["answered"], told["p50_ms"], told["last_ms"], told["far_ahead_status"])
    return Table("Blocked on one playlist", columns, [row], ("goal: all answered; far ahead: 400",))
