"""The state folder."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from services.machine.home import Home, HomeInUseError


def test_first_start_makes_a_private_admin_token_and_the_second_keeps_it(tmp_path: Path) -> None:
    """The admin token is made once, starts with hw_ and is readable by its owner alone."""
    home = Home(tmp_path / "var")
    home.prepare()
    token = home.admin_token_path.read_text()
    home.prepare()
    assert home.admin_token_path.read_text() == token
    assert token.startswith("hw_")
    assert len(token.strip()) > 40
    assert stat.S_IMODE(home.admin_token_path.stat().st_mode) == 0o600


def test_secret_that_a_power_cut_has_emptied_is_made_anew(tmp_path: Path) -> None:
    """And is not an empty password, which no server takes."""
    home = Home(tmp_path)
    home.prepare()
    (tmp_path / "admin-token").write_text("\n")
    home.prepare()
    assert home.secret("admin-token").startswith("hw_")
    assert len(home.secret("nats-password")) > 40


def test_second_holder_is_refused_with_the_pid_of_the_first(tmp_path: Path) -> None:
    """Two supervisors never share a folder, and the second says who is there."""
    home = Home(tmp_path)
    home.prepare()
    with home.hold(), pytest.raises(HomeInUseError, match=str(os.getpid())), Home(tmp_path).hold():
        pass
    with home.hold():
        assert Home(tmp_path).is_held()
    assert not home.is_held()


def test_lock_of_a_dead_holder_is_free(tmp_path: Path) -> None:
    """A lock file left by a killed process stands in nobody's way."""
    home = Home(tmp_path)
    home.prepare()
    code = (
        "import os, pathlib, sys\nfrom services.machine.home import Home\n"
        "with Home(pathlib.Path(sys.argv[1])).hold(): os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, timeout=30)
    assert (home.run / "supervisor.lock").read_text().strip().isdigit()
    with home.hold():
        assert home.is_held()


def test_kept_environment_reads_back(tmp_path: Path) -> None:
    """What the programs were started with is kept for one more of them, for its owner alone."""
    home = Home(tmp_path)
    home.prepare()
    assert home.environment() is None
    home.write_environment({"HEADWATER_NATS_URL": "nats://x:1"})
    assert home.environment() == {"HEADWATER_NATS_URL": "nats://x:1"}
    assert stat.S_IMODE(home.environment_path.stat().st_mode) == 0o600
