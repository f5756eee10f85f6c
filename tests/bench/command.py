"""The command line: which measurements there are, what they are given, and how their tables come out."""

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.bench import delay, http_load, lists, memory, peers, player, streams, viewers
from tests.bench.accounting import PROC, busy_share
from tests.bench.needs import UnavailableError
from tests.bench.progress import say
from tests.bench.table import Table

Measure = Callable[[argparse.Namespace, Path], list[Table]]

MEASURES: dict[str, tuple[str, Measure]] = {
    "streams": ("CPU a stream-second of each program, keeping up, memory", streams.run),
    "delay": ("from the last frame of a part sent to the part listed", delay.run),
    "player": ("hls.js in Chromium: behind live, first frame, errors", player.run),
    "viewers": ("LL-HLS viewers of one stream: CPU, lateness, errors", viewers.run),
    "playlists": ("live playlist requests a core (needs wrk)", http_load.run_playlists),
    "segments": ("segment bytes a core (needs wrk)", http_load.run_segments),
    "memory": ("resident memory a stream, and after the streams have ended", memory.run),
    "lists": ("api over many livestreams and recordings: start, memory, pages of lists", lists.run),
    "peers": ("the streams run on nginx-rtmp and MEDIAMTX_BIN too", peers.run),
}


_LOOK_S = 1.0
_QUIET_PERCENT = 10.0
_FULL = {"seconds": 60.0, "warm_up": 10.0, "streams": [1, 5, 10], "viewers": [300, 1000], "blocked": 2000} | {
    "livestreams": 10_000,
    "media": 200_000,
}
_QUICK = {"seconds": 6.0, "warm_up": 6.0, "streams": [1, 2], "viewers": [20], "blocked": 200} | {
    "livestreams": 200,
    "media": 2_000,
}


def parser() -> argparse.ArgumentParser:
    """All options; each measurement takes those that concern it."""
    made = argparse.ArgumentParser(prog="python -m tests.bench", description="Measures Headwater on this machine.")
    listed = ", ".join(f"{name} ({what})" for name, (what, _) in MEASURES.items())
    made.add_argument("measures", nargs="*", metavar="MEASUREMENT", help=f"Default: all. {listed}")
    made.add_argument("--json", action="store_true", help="One JSON document instead of tables.")
    made.add_argument("--quick", action="store_true", help="Seconds instead of minutes: to try, not to quote.")
    made.add_argument("--seconds", type=_seconds, help="Length of each window that is measured (default 60).")
    made.add_argument("--warm-up", type=_seconds, help="Seconds before each window (default 10).")
    made.add_argument("--streams", type=_count, nargs="+", help="How many at once (default 1 5 10).")
    made.add_argument("--viewers", type=_count, nargs="+", help="How many at once (default 300 1000).")
    made.add_argument("--blocked", type=_count, help="How many wait for one playlist (default 2000).")
    made.add_argument("--livestreams", type=_large, help="How many are there (default 10,000).")
    made.add_argument("--media", type=_large, help="How many recordings of them are there (default 200,000).")
    made.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="A HEADWATER_* setting; may be repeated."
    )
    return made


def _count(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 100_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 100,000")
    return number


def _large(text: str) -> int:
    number = int(text)
    if not 1 <= number <= 2_000_000:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 2,000,000")
    return number


def _seconds(text: str) -> float:
    number = float(text)
    if not 1 <= number <= 86_400:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and 86,400 seconds")
    return number


def chosen(arguments: Sequence[str]) -> argparse.Namespace:
    """The options, each with its value; SystemExit 2 for what is wrong."""
    made = parser()
    # Options may stand between the names of measurements, or names right after `--streams 1 5`.
    options = made.parse_intermixed_args(list(arguments))
    unknown = [name for name in options.measures if name not in MEASURES]
    if unknown:
        made.error(f"there is no measurement {', '.join(unknown)}; there are {', '.join(MEASURES)}")
    options.settings = dict(_setting(made, text) for text in options.set)
    for name, value in (_QUICK if options.quick else _FULL).items():
        if getattr(options, name) is None:
            setattr(options, name, value)
    return options


def _setting(made: argparse.ArgumentParser, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.startswith("HEADWATER_"):
        made.error(f"--set {text}: HEADWATER_NAME=VALUE is needed")
    return name, value


def main(arguments: Sequence[str]) -> int:
    """Measure and print; 1 if a measurement failed, 3 if one could not be made for want of a tool."""
    options = chosen(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends blocks in order, and children with them
    busy = busy_before()
    tables: list[Table] = []
    worst = 0
    for name in options.measures or list(MEASURES):
        code, found = _one(name, options)
        worst = max(worst, code)
        tables += found
        if not options.json:
            sys.stdout.write("".join(f"\n{table.text()}\n" for table in found))
            sys.stdout.flush()
    if options.json:
        document = {
            "machine": machine(busy),
            "arguments": list(arguments),
            "tables": [table.data() for table in tables],
        }
        sys.stdout.write(f"{json.dumps(document, indent=1)}\n")
    else:
        sys.stdout.write(f"\n{_line(machine(busy))}\n")
    return worst


def _one(name: str, options: argparse.Namespace) -> tuple[int, list[Table]]:
    """A measurement that fails does not take the others with it."""
    say(f"--- {name}: {MEASURES[name][0]}")
    try:
        with tempfile.TemporaryDirectory(prefix=f"headwater-bench-{name}-", ignore_cleanup_errors=True) as folder:
            return 0, MEASURES[name][1](options, Path(folder))
    except UnavailableError as error:
        say(f"SKIPPED {name}: {error}")
        return 3, [Table(f"{name}: SKIPPED", ("why",), [(str(error),)])]
    except Exception as error:  # noqa: BLE001  whatever one measurement runs into, the others are still worth having
        why = f"{type(error).__name__}: {error}"
        say(f"FAILED {name}: {why}")
        return 1, [Table(f"{name}: FAILED", ("why",), [(why.strip().splitlines()[-1],)])]


def busy_before() -> float:
    """Percent of this machine that works already; said aloud where it is too much to measure beside it."""
    before = (PROC / "stat").read_text()
    time.sleep(_LOOK_S)
    busy = 100 * busy_share(before, (PROC / "stat").read_text())
    if busy > _QUIET_PERCENT:
        say(f"THIS MACHINE IS BUSY ({busy:.0f} % before anything was started): figures will be worse than they are")
    return round(busy, 1)


def machine(busy: float) -> dict[str, Any]:
    """What the figures hold for."""
    cpu = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    return {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _said("git", "rev-parse", "--short", "HEAD"),
        "cpu": cpu[0].partition(": ")[2] if cpu else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "busy_before_percent": busy,
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    return done.stdout.strip()


def _line(values: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
