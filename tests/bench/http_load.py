"""`playlists` and `segments`: what the origins answer on one core, asked by wrk from another."""

import os
import re
import subprocess
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

from tests.bench.accounting import pin, usage
from tests.bench.edge import read_edge
from tests.bench.encoders import Encoders
from tests.bench.film import film
from tests.bench.headwater import Headwater
from tests.bench.needs import UnavailableError, needed
from tests.bench.progress import say
from tests.bench.table import Cell, Table
from tests.bench.web import fetch, live_playlists

_GZIP = 'wrk.headers["Accept-Encoding"] = "gzip"\n'
_NEW_URL = 'local n = 0\nfunction request() n = n + 1 return wrk.format("GET", wrk.path .. "?viewer=" .. n) end\n'
_LONGEST_S = 15.0
"""A segment must stay inside the live window while it is asked for."""


@dataclass(frozen=True)
class Answers:
    """What wrk says of one run."""

    requests: int
    seconds: float
    bytes: float
    p99_ms: float
    errors: str


@dataclass(frozen=True)
class Case:
    """One run of wrk."""

    name: str
    url: str
    connections: int
    script: str = ""


def parse_wrk(text: str) -> Answers:
    """Reads the report of `wrk --latency`. ValueError if it is none."""
    head = re.search(r"(\d+) requests in ([\d.]+)s, ([\d.]+)([KMG]?B) read", text)
    late = re.search(r"^ +99% +([\d.]+)(us|ms|s|m)$", text, re.MULTILINE)
    if head is None or late is None:
        raise ValueError(f"no report of wrk: {' '.join(text.split())}")
    to_ms = {"us": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4}[late[2]]
    errors = " ".join(re.findall(r"Non-2xx.*|Socket errors.*", text))
    # wrk counts in binary thousands and writes them with decimal letters
    size = float(head[3]) * {"B": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}[head[4]]
    return Answers(int(head[1]), float(head[2]), size, float(late[1]) * to_ms, errors)


def run_playlists(options: Namespace, folder: Path) -> list[Table]:
    """Requests of the live playlist a core."""

    def cases(playlist: str) -> list[Case]:
        msn, part = read_edge(fetch(playlist).body).next
        due = f"{playlist}?_HLS_msn={msn - 1}&_HLS_part={max(part - 1, 0)}"
        return [
            Case("live playlist", playlist, 32),
            Case("live playlist, reload that is due", due, 32),
            Case("live playlist, gzip", playlist, 32, _GZIP),
            Case("live playlist, each viewer a query of his own", playlist, 32, _NEW_URL),
            Case("live playlist, 1000 connections", playlist, 1000),
        ]

    return [_measure(options, folder, "Live playlist, all origins on one core", cases)]


def run_segments(options: Namespace, folder: Path) -> list[Table]:
    """Bytes of parts and segments a core."""

    def cases(playlist: str) -> list[Case]:
        edge = read_edge(fetch(playlist).body)
        part = next(part.uri for part in edge.parts if part.place[0] == edge.next[0] - 1)
        found = (("live part", part), ("live segment", edge.segments[-1]))
        return [Case(name, urljoin(playlist, uri), 8) for name, uri in found]

    return [_measure(options, folder, "Media, all origins on one core", cases)]


def _measure(options: Namespace, folder: Path, title: str, cases: Callable[[str], list[Case]]) -> Table:
    needed("wrk", "wrk")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise UnavailableError("the origins need a core of their own, and this machine has one")
    columns = (
        "case",
        "bytes each",
        "requests/s",
        "origin CPU %",
        "requests/s a core",
        "MB/s a core",
        "p99 ms",
        "errors",
    )
    source = film()
    with Headwater(folder, options.settings) as system, Encoders(source, folder) as encoders:
        encoders.start(system.push_url(0))
        playlist = live_playlists(system.origin, system.livestream(0)["id"], at_least_segments=4)[0]
        # The origins alone on the last core; whatever else runs shares the others with wrk.
        origins = {name: pid for name, pid in system.pids().items() if name.startswith("origin")}
        pin((pid for name, pid in system.pids().items() if name not in origins), set(cores[:-1]))
        pin(origins.values(), {cores[-1]})
        seconds = min(_LONGEST_S, options.seconds)
        rows = []
        for name in (case.name for case in cases(playlist)):
            # Made anew for each run: the segment asked for is the newest.
            case = next(one for one in cases(playlist) if one.name == name)
            rows.append(_row(case, seconds, origins, set(cores[:-1]), folder))
    return Table(title, columns, rows, (f"over {seconds:g} s each; goals: 17,000 playlists, 1,000 MB/s",))


def _row(case: Case, seconds: float, origins: dict[str, int], cores: set[int], folder: Path) -> tuple[Cell, ...]:
    say(f"{case.name}: {seconds:g} s")
    script = folder / "wrk.lua"
    script.write_text(case.script)
    command = ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds:.0f}s", "--latency", "-s", str(script), case.url]
    pinned = ["taskset", "-c", ",".join(map(str, cores)), *command]
    before, began = usage(origins), time.monotonic()
    done = subprocess.run(pinned, check=True, capture_output=True, text=True, timeout=seconds + 30)
    took, after = time.monotonic() - began, usage(origins)
    answers = parse_wrk(done.stdout)
    cpu_s = sum(after[name].cpu_s - before[name].cpu_s for name in after)
    share, rate = cpu_s / took, answers.requests / answers.seconds
    full = max(share, 1e-9)
    per_core = answers.bytes / answers.seconds / 1e6 / full
    each = answers.bytes / max(answers.requests, 1)
    return case.name, each, rate, 100 * share, rate / full, per_core, answers.p99_ms, answers.errors or "none"
