"""The kernel's accounting: its text, and of a real process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.accounting import Stat, age_s, busy_share, family, parse_resident, parse_stat, pin, proportional, usage

STAT = (
    "4242 (a (b) c) S 17 4242 4242 0 -1 4194560 9000 20 0 0 150 50 7 3 20 0 8 0 1000 12345 600 18446744073709551615"
    " 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0"
)


def test_stat_line_gives_parent_and_times() -> None:
    """Blanks and brackets in a command's name do not move the fields."""
    assert parse_stat(STAT) == Stat(parent=17, own_ticks=200, ended_ticks=10)


def test_statm_line_gives_resident_pages() -> None:
    """The second field is what is resident."""
    assert parse_resident("5000 1234 800 1 0 2000 0\n") == 1234


def test_share_of_the_machine_that_works_leaves_out_idle_and_disk() -> None:
    """The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal; guests are in user."""
    before = "cpu  100 0 50 800 50 0 0 0 7 0\ncpu0 1 1 1 1\n"

    assert busy_share(before, "cpu  130 5 60 840 60 2 3 0 9 0\n") == pytest.approx(0.5)
    assert busy_share(before, before) == 0.0


def test_family_holds_all_generations_and_no_stranger() -> None:
    """A worker of a worker belongs to its program; a sibling does not."""
    assert sorted(family(10, {10: 1, 11: 10, 12: 11, 13: 10, 20: 1, 21: 20})) == [10, 11, 12, 13]


def test_usage_grows_while_a_process_works_and_counts_its_ended_child() -> None:
    """CPU of a child that was waited for is the parent's."""
    work = (
        "import subprocess,sys; subprocess.run([sys.executable,'-c','sum(range(10**7))']); print(flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", work], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        with_children, alone = usage({"w": worker.pid})["w"], usage({"w": worker.pid}, alone={"w"})["w"]
        worker.communicate(b"\n")

    assert with_children.cpu_s > alone.cpu_s
    assert with_children.rss > 1_000_000


def test_usage_leaves_out_what_has_gone() -> None:
    """A program that ended between two readings has no figure."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    assert set(usage({"gone": gone.pid, "me": os.getpid()})) == {"me"}


def test_pin_moves_every_thread() -> None:
    """All threads of a process run on the cores asked for."""
    code = "import threading,sys; threading.Thread(target=sys.stdin.read).start(); print(flush=True)"
    core = min(os.sched_getaffinity(0))
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        pin([child.pid], {core})
        cores = {frozenset(os.sched_getaffinity(int(task.name))) for task in Path(f"/proc/{child.pid}/task").iterdir()}
        child.communicate(b"")

    assert cores == {frozenset({core})}


def test_pin_passes_over_what_has_gone() -> None:
    """A process that has just ended is no failure."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()

    assert pin([gone.pid], {0}) is None  # type: ignore[func-returns-value]  # that it returns is the point


@pytest.mark.parametrize("text", ["", "4242"])
def test_stat_line_cut_short_is_an_error(text: str) -> None:
    """Half a line is never read as zero."""
    with pytest.raises(IndexError):
        parse_stat(text)


def test_own_memory_and_age_are_read() -> None:
    """Its own share of memory is no more than all that is resident."""
    rss, pss = proportional(os.getpid())
    assert 0 < pss <= rss
    assert 0 < age_s(os.getpid()) < 86_400
