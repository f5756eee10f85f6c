"""Real signals on a real process."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = "tests.common.programs.lifecycle_sample"
_PATIENCE_S = 30


class _Sample:
    def __init__(self, process: Process) -> None:
        self._process = process
        self.said: list[str] = []

    async def until(self, text: str) -> None:
        assert self._process.stdout is not None
        async with asyncio.timeout(_PATIENCE_S):
            while text not in self.said:
                line = await self._process.stdout.readline()
                assert line, f"ended after {self.said}"
                self.said.append(line.decode().strip())

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    async def end(self) -> tuple[int, list[dict[str, Any]]]:
        async with asyncio.timeout(_PATIENCE_S):
            out, err = await self._process.communicate()
        self.said += out.decode().split("\n")[:-1]
        assert self._process.returncode is not None
        return self._process.returncode, [json.loads(line) for line in err.decode().splitlines()]


@asynccontextmanager
async def _started(fault: str = "", **settings: str) -> AsyncIterator[_Sample]:
    environment: Mapping[str, str] = {
        "PATH": os.environ["PATH"],
        "SAMPLE_FAULT": fault,
        "HEADWATER_METRICS_PORT": "0",
        "HEADWATER_CLOSE_TIMEOUT": "0.5s",
        **settings,
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", _PROGRAM, stdout=PIPE, stderr=PIPE, env=environment
    )
    try:
        yield _Sample(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def _events(lines: list[dict[str, Any]]) -> list[str]:
    return [line["event"] for line in lines]


async def test_sigterm_drains_then_closes_in_reverse() -> None:
    """SIGTERM lets work in hand finish while jobs run, then cancels them and closes last opened first."""
    async with _started() as sample:
        await sample.until("working")
        sample.signal(signal.SIGTERM)
        status, lines = await sample.end()

    assert status == 0
    assert sample.said == [
        "open first",
        "open second",
        "working",
        "drain",
        "drained",
        "work cancelled",
        "close second",
        "close first",
    ]
    assert _events(lines) == ["started", "draining", "closing", "stopped"]


async def test_sigint_stops_without_draining() -> None:
    """SIGINT skips the drain and still closes in order."""
    async with _started() as sample:
        await sample.until("working")
        sample.signal(signal.SIGINT)
        status, _ = await sample.end()

    assert status == 0
    assert sample.said[3:] == ["work cancelled", "close second", "close first"]


async def test_second_signal_ends_at_once() -> None:
    """Who asks twice does not want to wait for a drain."""
    async with _started("drain hangs") as sample:
        await sample.until("working")
        sample.signal(signal.SIGTERM)
        await sample.until("drain")
        sample.signal(signal.SIGINT)
        status, lines = await sample.end()

    assert status == 128 + signal.SIGINT
    assert "close first" not in sample.said
    assert _events(lines)[-1] == "killed by a second signal"


async def test_drain_that_hangs_is_cut_short() -> None:
    """A drain gets its time and not more; the end is still orderly."""
    async with _started("drain hangs", HEADWATER_DRAIN_TIMEOUT="100ms") as sample:
        await sample.until("working")
        sample.signal(signal.SIGTERM)
        status, lines = await sample.end()

    assert status == 0
    assert sample.said[-2:] == ["close second", "close first"]
    assert "drain cut short" in _events(lines)


@pytest.mark.parametrize(
    ("fault", "reason", "has_traceback"),
    [("job fails", "the job broke", True), ("job gives up", "unavailable: the log is away", False)],
)
async def test_failing_job_ends_the_program_with_one_line(fault: str, reason: str, has_traceback: bool) -> None:
    """A job that fails closes everything and exits 1 with one error line; a foreseen reason has no traceback."""
    async with _started(fault) as sample:
        status, lines = await sample.end()

    (line,) = [line for line in lines if line["level"] == "error"]
    assert status == 1
    assert (line["event"], line["job"], line["reason"]) == ("program failed", "work", reason)
    assert ("exception" in line) == has_traceback
    assert sample.said[-2:] == ["close second", "close first"]


async def test_program_that_cannot_open_says_why() -> None:
    """What keeps a program from starting is one line, and what was open already is closed."""
    async with _started("open fails") as sample:
        status, lines = await sample.end()

    assert status == 1
    assert sample.said[-2:] == ["close second", "close first"]
    assert [line["reason"] for line in lines] == ["unavailable: nats://127.0.0.1:1 does not answer"]


async def test_program_that_was_given_something_wrong_ends_as_with_a_wrong_setting() -> None:
    """Status 2 tells who started it that another start would end the same."""
    async with _started("key is none") as sample:
        status, lines = await sample.end()

    assert status == 2
    assert [line["reason"] for line in lines] == ["invalid: secret-key is no key"]


async def test_signal_while_opening_stops_the_start() -> None:
    """A program that still waits for a part when it is told to stop does so."""
    async with _started("open hangs") as sample:
        await sample.until("open second")
        sample.signal(signal.SIGTERM)
        status, lines = await sample.end()

    assert status == 0
    assert sample.said[-2:] == ["close second", "close first"]
    assert _events(lines) == ["stopped while starting"]


async def test_close_that_hangs_is_left_behind() -> None:
    """One part that does not close in time does not keep the others from closing."""
    async with _started("close hangs") as sample:
        await sample.until("working")
        sample.signal(signal.SIGTERM)
        status, lines = await sample.end()

    assert status == 0
    assert sample.said[-1] == "close first"
    assert [line["part"] for line in lines if line["event"] == "left behind at close"] == ["second"]


@pytest.mark.parametrize("fault", ["close is deaf", "thread blocks"])
async def test_process_is_gone_in_time_whatever_hangs(fault: str) -> None:
    """A close that swallows cancellation, or a thread that never ends, cannot keep the process alive."""
    async with _started(fault) as sample:
        await sample.until("working")
        sample.signal(signal.SIGINT)
        status, lines = await sample.end()

    assert status == 1
    assert _events(lines)[-1] == "did not stop in time; killed"


@pytest.mark.parametrize("fault", ["job fails, close is deaf", "open fails, close is deaf"])
async def test_program_that_failed_is_gone_in_time_too(fault: str) -> None:
    """A failure followed by a close that never returns still ends the process."""
    async with _started(fault) as sample:
        status, lines = await sample.end()

    assert status == 1
    assert _events(lines)[-1] == "did not stop in time; killed"


async def test_supervisor_that_is_gone_means_no_start() -> None:
    """A program whose supervisor died while it was starting does not start."""
    async with _started(HEADWATER_PARENT_PID="1") as sample:
        process_status, sample_said = (await sample._process.wait()), sample.said

    assert process_status == 1
    assert sample_said == []


async def test_program_dies_with_its_supervisor() -> None:
    """When the supervisor is killed, the kernel kills the program it started."""
    supervisor = (
        "import os, subprocess, sys, time\n"
        "env = os.environ | {'HEADWATER_PARENT_PID': str(os.getpid()), 'HEADWATER_METRICS_PORT': '0'}\n"
        f"child = subprocess.Popen([sys.executable, '-m', '{_PROGRAM}'], env=env)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", supervisor, stdout=PIPE, stderr=PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(_PATIENCE_S):
        pid = int(await process.stdout.readline())
        while b"working" not in await process.stdout.readline():
            pass
        process.kill()
        await process.communicate()  # ends when the program, which holds the pipe too, has closed it
        while not _is_gone(pid):  # noqa: ASYNC110  the kernel sets no event for an orphan's end
            await asyncio.sleep(0.01)


def _is_gone(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().split()[2] == "Z"  # where nobody reaps, a zombie stays
