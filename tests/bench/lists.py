"""`lists`: our programs over very many livestreams and recordings: start, memory, and how long lists take."""

import os
import signal
import time
import urllib.error
import urllib.request
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from services.common import ports
from services.common.clock import SystemClock
from tests.bench.accounting import Usage, age_s, proportional, usage
from tests.bench.estate import Estate
from tests.bench.figures import percentile
from tests.bench.filling import fill
from tests.bench.headwater import Headwater
from tests.bench.list_asking import Asker, Took, ask_random, small_requests
from tests.bench.list_questions import Question
from tests.bench.progress import say, wait
from tests.bench.streams import MB
from tests.bench.table import Cell, Table
from tests.servers.nats import NatsServer

GOAL_MS, GOAL_READY_S = 50.0, 10.0
REQUESTS = 1000
SEED = 20260101

_PROGRAMS = ("api", "origin", "archiver", "ingest", "packager", "stats")
_WHOLE = {
    "Cloudinary live streams": "/cloudinary/v2/video/default/live_streams",
    "Stream live inputs": "/cloudflare/client/v4/accounts/default/stream/live_inputs",
    "/v1/livestreams, 1,000 a page": "/v1/livestreams?pageSize=1000",
    "/v1/media, 1,000 a page": "/v1/media?pageSize=1000",
    "RealtimeKit analytics, all days": "/cloudflare/client/v4/accounts/default/realtime/kit/default/analytics"
    "/livestreams/daywise",
}
"""What is no page, or a very long one."""
_QUIET_S = 180.0
_QUIET_SHARE = 0.05
_START_S = 120.0


@dataclass(frozen=True)
class Start:
    """One program's start, alone on a machine where the others run already."""

    ready_s: float
    cpu_s: float
    rss: int
    pss: int
    """Memory that it shares with others is counted by its share."""


def run(options: Namespace, folder: Path) -> list[Table]:
    """The tables of starting, of lists, and of what a small request waits beside them."""
    estate = Estate(options.livestreams, options.media, round(SystemClock().now() * 1e6))
    with NatsServer(folder / "nats") as nats:
        say(f"filling NATS with {estate.livestreams:,} livestreams and {estate.media:,} recordings")
        keys = fill(nats.url, folder / "var", estate)
        settings = {**options.settings, "HEADWATER_NATS_URL": nats.url, "HEADWATER_RATE_LIMIT": "0"}
        with Headwater(folder, settings) as system:
            _settle(system)
            starts = {program: _restart(system, program) for program in _PROGRAMS}
            _settle(system)
            later = {program: proportional(system.pids()[program]) for program in _PROGRAMS}
            server = usage({"nats": nats.pid})["nats"].rss
            tables = _ask(system, estate, options.seconds)
    note = f"{keys:,} keys in NATS, whose server has {server / MB:,.0f} MB resident"
    return [_start_table(starts, later, note), *tables]


def _ask(system: Headwater, estate: Estate, seconds: float) -> list[Table]:
    url = f"http://127.0.0.1:{ports.REST + system.offset}"
    token = (system.home / "admin-token").read_text().strip()
    small, asker = f"/v1/livestreams/{estate.livestream_id(1)}", Asker(url, token)
    beside: dict[str, list[float]] = {}
    with small_requests(url, token, small) as alone:
        wait(seconds, "small requests alone, while api keeps house")
    say(f"asking {REQUESTS:,} random pages")
    took = ask_random(asker, estate, REQUESTS, SEED)
    with small_requests(url, token, small) as among:
        ask_random(asker, estate, REQUESTS // 4, SEED + 1)
    with small_requests(url, token, small) as whole_lists:
        whole = [asker.ask(Question(kind, path, {}))[0] for kind, path in _WHOLE.items()]
    asker.close()
    beside |= {"alone": alone.ms, "beside pages": among.ms, "beside whole lists": whole_lists.ms}
    return [list_table(took), _whole_table(whole), _beside_table(beside)]


def list_table(took: Sequence[Took]) -> Table:
    """By list, and all together."""
    kinds = sorted({one.question.kind for one in took})
    rows = [_row(kind, [one for one in took if one.question.kind == kind]) for kind in kinds]
    slowest = max(took, key=lambda one: one.ms)
    notes = (
        f"one client, one request after the other; goal: p99 under {GOAL_MS:g} ms",
        f"the slowest: {slowest.ms:.0f} ms for {slowest.question.target}",
    )
    columns = ("list", "requests", "p50 ms", "p99 ms", "max ms", "KB each")
    return Table("Pages of lists", columns, [*rows, _row("all", took)], notes)


def _row(name: str, took: Sequence[Took]) -> tuple[Cell, ...]:
    ms = [one.ms for one in took]
    size = sum(one.size for one in took) / len(took) / 1000
    return name, len(took), percentile(ms, 0.5), percentile(ms, 0.99), max(ms), size


def _whole_table(took: Iterable[Took]) -> Table:
    rows: list[tuple[Cell, ...]] = [(one.question.kind, one.ms, one.size / 1000) for one in took]
    return Table("Whole lists", ("list", "ms", "KB"), rows, ("no goal; nobody else may be kept waiting by them",))


def _beside_table(beside: Mapping[str, Sequence[float]]) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (name, len(ms), percentile(ms, 0.5), percentile(ms, 0.99), max(ms, default=0.0)) for name, ms in beside.items()
    ]
    return Table("A small request meanwhile", ("meanwhile", "requests", "p50 ms", "p99 ms", "max ms"), rows)


def _start_table(starts: Mapping[str, Start], later: Mapping[str, tuple[int, int]], note: str) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (name, one.ready_s, one.cpu_s, one.rss / MB, one.pss / MB, later[name][0] / MB, later[name][1] / MB)
        for name, one in starts.items()
    ]
    columns = ("program", "ready s", "CPU s", "RSS MB", "PSS MB", "later RSS MB", "later PSS MB")
    goal = f"goal: api ready in under {GOAL_READY_S:g} s; later: once nothing is left to read or to compare"
    return Table("Start of one program, the others running", columns, rows, (goal, note))


def _restart(system: Headwater, program: str) -> Start:
    """End it, and watch the supervisor start the next one."""
    before = system.pids()[program]
    say(f"starting {program} anew")
    os.kill(before, signal.SIGTERM)
    deadline = time.monotonic() + _START_S
    while system.pids().get(program, before) == before or not _is_ready(system, program):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{program} was not ready within {_START_S:g} s")
        time.sleep(0.02)
    pid = system.pids()[program]
    ready_s, used = age_s(pid), _usage(system, program)
    return Start(ready_s, used.cpu_s, *proportional(pid))


def _is_ready(system: Headwater, program: str) -> bool:
    url = f"http://127.0.0.1:{ports.metrics_port(program) + system.offset}/readyz"
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _usage(system: Headwater, program: str) -> Usage:
    return usage({program: system.pids()[program]})[program]


def _settle(system: Headwater) -> None:
    """Return once nothing has much to do any more."""
    say("waiting until all is read and compared")
    deadline = time.monotonic() + _QUIET_S
    while time.monotonic() < deadline:
        before = sum(_usage(system, program).cpu_s for program in _PROGRAMS)
        time.sleep(2.0)
        if sum(_usage(system, program).cpu_s for program in _PROGRAMS) - before < 2.0 * len(_PROGRAMS) * _QUIET_SHARE:
            return
