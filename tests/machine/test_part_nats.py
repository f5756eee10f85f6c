"""The nats-server of one machine: its configuration, whatever the disk has left."""

import re
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.common.bus.bucket import open_bucket
from services.common.bus.connection import connect
from services.common.settings_load import load
from services.machine.child import Command
from services.machine.home import Home
from services.machine.part_nats import nats, reserved_bytes
from services.machine.ports import port
from services.machine.probe_parts import Answer, ask_nats
from services.machine.settings import MachineSettings
from services.machine.waiting import until_all
from tests.machine.programs import supervised
from tests.machine.running import free_offset


@pytest.mark.connected
async def test_logs_and_records_have_room_on_a_disk_that_has_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server told of less than the logs may hold would make none of them, or no bucket: nothing would start."""
    monkeypatch.setattr("services.machine.part_nats.file_budget", lambda _store: 1_000_000)
    monkeypatch.setenv("HEADWATER_SHARDS", "2")
    monkeypatch.setenv("HEADWATER_PORT_OFFSET", str(free_offset()))
    settings, home = load(MachineSettings), Home(tmp_path)
    home.prepare()
    part = nats(home, settings)
    url = part.settings["HEADWATER_NATS_URL"]

    assert reserved_bytes(settings) == 2 * (2_000_000_000 + 4_000_000_000) + 500_000_000
    async with _running(home, part.command, url):
        bus = await connect(url, name="test")
        logs = {"name": "LOGS", "subjects": ["logs"], "storage": "file", "max_bytes": reserved_bytes(settings)}
        await bus.api("STREAM.CREATE.LOGS", logs)
        await open_bucket(bus, "records")
        await bus.close()


@pytest.mark.connected
async def test_folder_of_before_the_password_keeps_its_logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was written before is there for who has the password now, and the configuration is private."""
    monkeypatch.setenv("HEADWATER_PORT_OFFSET", str(free_offset()))
    settings, home = load(MachineSettings), Home(tmp_path / "var")
    home.prepare()
    conf = home.path / "nats.conf"
    part = nats(home, settings)
    conf.write_text(re.sub(r"authorization \{.*?\}\n", "", conf.read_text(), flags=re.DOTALL))
    conf.chmod(0o644)
    (home.path / "nats-password").unlink()
    open_url = f"nats://127.0.0.1:{port('nats', settings.port_offset)}"
    async with _running(home, part.command, open_url):
        bus = await connect(open_url, name="before")
        await bus.api("STREAM.CREATE.OLD", {"name": "OLD", "subjects": ["old"], "storage": "file"})
        await bus.close()

    part = nats(home, settings)
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    async with _running(home, part.command, part.settings["HEADWATER_NATS_URL"]):
        assert await ask_nats(open_url) is Answer.REFUSED
        bus = await connect(part.settings["HEADWATER_NATS_URL"], name="after")
        assert (await bus.api("STREAM.INFO.OLD"))["config"]["name"] == "OLD"
        await bus.close()


@asynccontextmanager
async def _running(home: Home, command: Command, url: str) -> AsyncIterator[None]:
    async def answers() -> bool:
        return await ask_nats(url) is Answer.OK

    async with supervised(home) as supervisor:
        supervisor.keep(command)
        assert await until_all({"nats": answers}, what="nats", say=print, gives_up=lambda: False, deadline_s=30)
        yield
        await supervisor.stop([("nats",)])
