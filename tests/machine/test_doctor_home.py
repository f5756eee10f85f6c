"""Where the state folder cannot be, the doctor and the settings say so."""

import os
from pathlib import Path

import pytest

from services.common.settings_load import SettingsError, load
from services.machine.doctor import examine
from services.machine.doctor_home import home_finding
from services.machine.finding import Verdict
from services.machine.settings import MachineSettings


def test_folder_that_is_there_or_can_be_made_is_fine_and_left_as_it_was(tmp_path: Path) -> None:
    """Looking makes nothing that stays."""
    assert home_finding(tmp_path).verdict is Verdict.OK
    assert home_finding(tmp_path / "a" / "b").verdict is Verdict.OK
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file", "file/below", "n" * 300, "/proc/headwater", "/dev/null"])
async def test_folder_that_cannot_be_is_wrong_and_the_rest_is_looked_at(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file, what is below one, too long a name, a file system that takes no folders: in words."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path / name))
    found = {one.subject: one for one in await examine(load(MachineSettings))}
    assert found["home"].verdict is Verdict.WRONG
    assert "HEADWATER_HOME" in found["home"].advice
    assert "python" in found


@pytest.mark.parametrize("name", ["admin-token", "run/environment", "log/api.log"])
async def test_file_of_somebody_else_in_it_is_wrong(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a start under another name leaves it; the rest is looked at all the same."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}")
    monkeypatch.setenv("HEADWATER_HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda asked, _mode: asked != path)
    found = {one.subject: one for one in await examine(load(MachineSettings))}
    assert (found["home"].verdict, str(path) in found["home"].text) == (Verdict.WRONG, True)
    assert "python" in found


@pytest.mark.parametrize("name", ['a"b', "a,b", "a\\b", "a\nb"])
def test_path_that_servers_cannot_be_told_of_is_refused_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would end a quoted word of their configuration, or be two folders."""
    monkeypatch.setenv("HEADWATER_HOME", f"/tmp/{name}")
    with pytest.raises(SettingsError, match="HEADWATER_HOME"):
        load(MachineSettings)
