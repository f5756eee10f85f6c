"""Programs that are forked are programs like those that are started."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine.programs import is_alive, until
from tests.servers.nursery import Nursery

MODULE = """
import os, signal, sys, time
if __name__ == "__main__":
    print(sys.argv[0], os.getcwd(), os.environ["WORD"], os.getpid() == os.getpgrp(), sys.stdin.read(), flush=True)
    if "CODE" in os.environ:
        raise SystemExit(int(os.environ["CODE"]))
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Nursery, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("programs")
    (folder / "small_program.py").write_text(MODULE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        made = Nursery("small_program")
    yield made, {"PYTHONPATH": str(folder)}
    made.close()


def test_forked_program_has_folder_environment_log_and_group_of_its_own(
    programs: tuple[Nursery, dict[str, str]], tmp_path: Path
) -> None:
    """And its exit status is heard."""
    nursery, environment = programs
    log = tmp_path / "log"
    process = nursery.start("small_program", tmp_path, environment | {"WORD": "word", "CODE": "3"}, log)

    assert process.wait(20) == 3
    assert log.read_text().split()[1:] == [str(tmp_path), "word", "True"]
    assert process.poll() == 3


def test_each_of_two_is_killed_by_itself(programs: tuple[Nursery, dict[str, str]], tmp_path: Path) -> None:
    """A signal's number is its status."""
    nursery, environment = programs
    one, other = (nursery.start("small_program", tmp_path, environment | {"WORD": ""}, tmp_path / "log") for _ in "12")
    one.kill()

    assert one.wait(20) == -signal.SIGKILL
    with pytest.raises(subprocess.TimeoutExpired):
        other.wait(0.05)
    other.terminate()
    assert other.wait(20) == -signal.SIGTERM


async def test_children_end_with_their_nursery(programs: tuple[Nursery, dict[str, str]], tmp_path: Path) -> None:
    """Nothing is left of a run of tests, however it ended."""
    _, environment = programs
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", environment["PYTHONPATH"])
        nursery = Nursery()
    child = nursery.start("small_program", tmp_path, environment | {"WORD": ""}, tmp_path / "log")
    nursery.close()

    assert child.wait(20) == -signal.SIGKILL
    await until(lambda: not is_alive(child.pid))
