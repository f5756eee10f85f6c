"""A disk that was full."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from services.machine.home import Home
from services.machine.room import ENOUGH_BYTES, Room
from tests.machine.test_disk import Usage

FAILED = "[ERR] JetStream failed to store a msg: write msgs/1.blk: no space left on device\n"


class Machine:
    """A nats-server's log, a disk, and what became of both."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = Home(folder)
        self.home.prepare()
        self.free = 0
        self.said: list[str] = []
        self.restarts = 0
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(ENOUGH_BYTES, 0, self.free))

    def room(self) -> Room:
        return Room(self.home, say=self.said.append, restart=self._restart)

    def log(self, text: str) -> None:
        with self.home.log_path("nats").open("a") as file:
            file.write(text)

    def _restart(self) -> None:
        self.restarts += 1


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_nats_is_started_anew_once_when_a_full_disk_has_room_again(machine: Machine) -> None:
    """While it is full that is said once; a restart would not help before."""
    room = machine.room()
    for _ in range(3):
        machine.log(FAILED)
        room.look()
    assert (machine.restarts, len(machine.said)) == (0, 1)
    assert str(machine.home.path) in machine.said[0]

    machine.free = ENOUGH_BYTES
    room.look()
    room.look()
    assert (machine.restarts, len(machine.said)) == (1, 2)


@pytest.mark.parametrize(
    ("number", "words"), [(errno.EROFS, "read-only"), (errno.ENOSPC, "full"), (errno.EIO, "output error")]
)
def test_disk_that_takes_no_writes_is_told_though_no_log_can_say_so(
    machine: Machine, monkeypatch: pytest.MonkeyPatch, number: int, words: str
) -> None:
    """The log lies on the same disk; free bytes on a read-only one are no room."""
    room, machine.free = machine.room(), ENOUGH_BYTES

    def refuse(_path: Path, _data: bytes) -> int:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(Path, "write_bytes", refuse)
        room.look()
        room.look()
    assert (machine.restarts, len(machine.said), words in machine.said[0]) == (0, 1, True)

    room.look()
    assert (machine.restarts, list(machine.home.run.iterdir())) == (1, [])


def test_full_disk_of_a_run_before_is_no_reason(machine: Machine) -> None:
    """Each run adds to the log of the one before."""
    machine.log(FAILED)
    machine.free = ENOUGH_BYTES
    machine.room().look()
    assert (machine.restarts, machine.said) == (0, [])


def test_log_that_was_rotated_is_read_from_its_beginning(machine: Machine) -> None:
    """It is copied and cut, so that it is shorter than what was read."""
    machine.log("x" * 1000)
    room = machine.room()
    machine.home.log_path("nats").write_text(FAILED)
    machine.free = ENOUGH_BYTES
    room.look()
    assert machine.restarts == 1
