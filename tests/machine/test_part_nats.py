"""The nats-server of one machine: its configuration, whatever the disk has left."""

import re
from pathlib import Path

import pytest

from services.common.settings_load import load
from services.machine.home import Home
from services.machine.part_nats import nats, reserved_bytes
from services.machine.settings import MachineSettings


def test_logs_have_room_on_a_disk_that_has_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server told of less than the logs may hold would make none of them, and nothing would start."""
    monkeypatch.setattr("services.machine.part_nats.file_budget", lambda _store: 1_000_000)
    monkeypatch.setenv("HEADWATER_SHARDS", "2")
    settings = load(MachineSettings)
    home = Home(tmp_path)
    home.prepare()
    nats(home, settings)

    found = re.search(r"max_file_store: (\d+)", (tmp_path / "nats.conf").read_text())
    assert found is not None
    assert int(found[1]) == reserved_bytes(settings) == 2 * (2_000_000_000 + 4_000_000_000) + 500_000_000
