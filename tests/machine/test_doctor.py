"""The doctor on a machine where nothing runs."""

import errno
import json
import socket
from pathlib import Path

import pytest

from services.common.settings_load import load
from services.machine import doctor_system, finding
from services.machine.doctor import doctor, examine
from services.machine.finding import Finding, Verdict
from services.machine.settings import MachineSettings
from tests.machine.running import free_offset


@pytest.fixture
def offset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    chosen = free_offset()
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    monkeypatch.setenv("HEADWATER_PORT_OFFSET", str(chosen))
    return chosen


async def test_taken_port_is_named_with_its_holder(offset: int) -> None:
    """A port that `headwater run` would need is found to be taken, by whom, and what to do."""
    with socket.create_server(("127.0.0.1", 1935 + offset)):
        findings = [one for one in await examine(load(MachineSettings)) if one.subject == "port"]
    assert [one.verdict for one in findings] == [Verdict.WRONG]
    assert f"{1935 + offset} (rtmp) is taken by" in findings[0].text
    assert "HEADWATER_PORT_OFFSET" in findings[0].advice


async def test_foreign_address_and_a_port_of_root_are_wrong(offset: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by its own name: neither is a port that somebody has taken."""
    monkeypatch.setenv("HEADWATER_BIND", "192.0.2.1")
    found = [one for one in await examine(load(MachineSettings)) if one.verdict is Verdict.WRONG]
    assert [one.subject for one in found] == ["bind"]

    monkeypatch.setattr(doctor_system, "obstacle", lambda *_: PermissionError(errno.EACCES, "Permission denied"))
    assert all(
        "may not be opened by us" in one.text
        for one in doctor_system.port_findings(load(MachineSettings))
        if one.subject == "port"
    )


async def test_outside_part_that_does_not_answer_is_wrong(offset: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that settings name and nobody reaches is named with its address."""
    monkeypatch.setenv("HEADWATER_NATS_URL", "nats://127.0.0.1:1")
    findings = {one.subject: one for one in await examine(load(MachineSettings))}
    assert findings["nats"].verdict is Verdict.WRONG
    assert "127.0.0.1:1" in findings["nats"].text


def test_report_is_words_or_json_and_the_exit_code_says_if_something_is_wrong(
    offset: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both forms tell the same; 1 is for something wrong."""
    assert doctor(as_json=True) == 0
    assert json.loads(capsys.readouterr().out)["isHealthy"] is True
    monkeypatch.setenv("HEADWATER_MINIO_BIN", "/nowhere/minio")
    assert doctor() == 1
    assert "HEADWATER_MINIO_BIN names /nowhere/minio" in capsys.readouterr().out


def test_text_shows_advice_under_what_is_wrong() -> None:
    """The person reads what is wrong and, under it, what to do."""
    lines = finding.as_text([Finding("disk", Verdict.WRONG, "full", "make room")]).splitlines()
    assert lines[0].split() == ["wrong", "disk", "full"]
    assert lines[1].strip() == "-> make room"
    assert lines[-1] == "1 wrong"
