"""Room for the logs."""

import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from services.common.settings_load import load
from services.machine.disk import disk
from services.machine.finding import Verdict
from services.machine.part_nats import reserved_bytes
from services.machine.settings import MachineSettings


class Usage(NamedTuple):
    """What shutil.disk_usage gives."""

    total: int
    used: int
    free: int


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MachineSettings:
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path / "var"))
    return load(MachineSettings)


def _free(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(2 * size, size, size))


def test_less_than_the_logs_may_take_is_wrong(settings: MachineSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is that of the settings, and what the logs hold already needs no room."""
    wanted = reserved_bytes(settings)
    _free(wanted, monkeypatch)
    assert disk(settings).verdict is Verdict.OK
    _free(wanted - 4096, monkeypatch)
    assert disk(settings).verdict is Verdict.WRONG
    store = settings.home / "nats" / "jetstream"
    store.mkdir(parents=True)
    (store / "1.blk").write_bytes(bytes(4096))
    assert disk(settings).verdict is Verdict.OK


def test_logs_on_an_outside_server_need_no_room_here(
    settings: MachineSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With HEADWATER_NATS_URL the disk needs only a little for everything else."""
    _free(2_000_000_000, monkeypatch)
    assert disk(settings).verdict is Verdict.WRONG
    monkeypatch.setenv("HEADWATER_NATS_URL", "nats://elsewhere:4222")
    assert disk(load(MachineSettings)).verdict is Verdict.OK
    _free(500_000_000, monkeypatch)
    assert disk(load(MachineSettings)).verdict is Verdict.WRONG
