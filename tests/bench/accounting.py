"""What processes have used, by the kernel's own accounting (proc(5))."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Stat(NamedTuple):
    """What one line of /proc/<pid>/stat says."""

    parent: int
    own_ticks: int
    """User and system time of its threads."""
    ended_ticks: int
    """The same of its children that have ended and were waited for."""


class Usage(NamedTuple):
    """What a program has used so far."""

    cpu_s: float
    rss: int
    """Bytes resident now."""


def parse_stat(text: str) -> Stat:
    """Reads /proc/<pid>/stat; the command's name, in brackets, may hold blanks and brackets."""
    fields = text.rpartition(")")[2].split()
    return Stat(int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14]))


def parse_resident(statm: str) -> int:
    """Pages resident, of /proc/<pid>/statm."""
    return int(statm.split()[1])


def family(pid: int, parents: Mapping[int, int]) -> list[int]:
    """A process and all that descend from it; `parents` has each process's parent."""
    found = [pid]
    for member in found:
        found.extend(child for child, parent in parents.items() if parent == member)
    return found


def busy_share(before: str, after: str) -> float:
    """How much of the whole machine worked (0 to 1) between two readings of /proc/stat."""
    first, second = _machine_ticks(before), _machine_ticks(after)
    total = sum(second) - sum(first)
    # The fourth and fifth are idle and waiting for a disk.
    idle = sum(second[3:5]) - sum(first[3:5])
    return 1 - idle / total if total > 0 else 0.0


def _machine_ticks(stat: str) -> list[int]:
    return [int(field) for field in stat.partition("\n")[0].split()[1:9]]


def usage(pids: Mapping[str, int], *, alone: Iterable[str] = ()) -> dict[str, Usage]:
    """What each program has used with its children; those in `alone` are counted without children.

    A program that has gone is not in the answer.
    """
    parents = _parents()
    found = {}
    for name, pid in pids.items():
        members = [pid] if name in alone else family(pid, parents)
        used = [one for member in members if (one := _used(member, with_ended=name not in alone))]
        if pid in parents and used:
            found[name] = Usage(sum(one.cpu_s for one in used), sum(one.rss for one in used))
    return found


def _parents() -> dict[int, int]:
    found = {}
    for entry in PROC.glob("[0-9]*"):
        text = _text(entry / "stat")
        if text:
            found[int(entry.name)] = parse_stat(text).parent
    return found


def _used(pid: int, *, with_ended: bool) -> Usage | None:
    stat, statm = _text(PROC / str(pid) / "stat"), _text(PROC / str(pid) / "statm")
    if not stat or not statm:
        return None
    read = parse_stat(stat)
    ticks = read.own_ticks + (read.ended_ticks if with_ended else 0)
    return Usage(ticks / _TICKS_PER_S, parse_resident(statm) * _PAGE)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended meanwhile
        return ""


def proportional(pid: int) -> tuple[int, int]:
    """Bytes resident of one process, and the same with what it shares counted by its share (RSS and PSS)."""
    found = dict(line.split()[:2] for line in (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:])
    return 1024 * int(found["Rss:"]), 1024 * int(found["Pss:"])


def age_s(pid: int) -> float:
    """For how long a process has been there; to a hundredth of a second."""
    started = int((PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19])
    return float((PROC / "uptime").read_text().split()[0]) - started / _TICKS_PER_S


def pin(pids: Iterable[int], cores: set[int]) -> None:
    """Let processes, with all their threads, run on these cores alone; one that has gone is passed over."""
    for pid in pids:
        for task in (PROC / str(pid) / "task").glob("[0-9]*"):
            try:
                os.sched_setaffinity(int(task.name), cores)
            except ProcessLookupError:
                continue
