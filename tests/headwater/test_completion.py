"""Shell completion, installed and used."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(sys.executable).parent


def shell(script: str, home: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run in bash, with `headwater` on the PATH and a home of its own."""
    own = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(home), **env}
    return subprocess.run(
        ["bash", "--norc", "-c", script], env=own, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize(
    ("name", "path", "words"),
    [
        ("bash", ".bash_completions/headwater.sh", "complete -o default -F _headwater_completion headwater"),
        ("zsh", ".zfunc/_headwater", "#compdef headwater"),
        ("fish", ".config/fish/completions/headwater.fish", "complete --command headwater"),
    ],
)
def test_named_shell_is_the_one_that_is_installed(tmp_path: Path, name: str, path: str, words: str) -> None:
    """Whichever shell asks; what is shown is what is installed."""
    installed = shell(f"headwater --install-completion {name} && headwater --show-completion {name}", tmp_path)
    assert installed.returncode == 0, installed.stderr
    assert words in (tmp_path / path).read_text()
    assert words in installed.stdout


def test_unnamed_shell_is_the_one_that_asks(tmp_path: Path) -> None:
    """And one that is not known is asked for."""
    assert "complete -o default -F" in shell("headwater --show-completion; true", tmp_path).stdout
    unknown = shell("headwater --show-completion tcsh", tmp_path)
    assert (unknown.returncode, "'fish'" in unknown.stderr) == (2, True)


def test_bash_completes_commands_options_and_choices(tmp_path: Path) -> None:
    """As Tab does."""
    script = """
        eval "$(headwater --show-completion bash)"
        ask() { COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _headwater_completion headwater; echo "${COMPREPLY[@]}"; }
        ask headwater livestreams cr; ask headwater media --; ask headwater tokens create x --scope ""
    """
    lines = shell(script, tmp_path).stdout.splitlines()
    assert lines[0] == "create"
    assert "--help" in lines[1]
    assert {"READ", "WRITE", "ADMIN"} <= {word.upper() for word in lines[2].split()}


@pytest.mark.parametrize("name", ["zsh", "fish"])
def test_script_is_one_that_its_shell_takes(tmp_path: Path, name: str) -> None:
    """Read by the shell itself, where it is installed."""
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    script = shell(f"headwater --show-completion {name}", tmp_path).stdout
    (tmp_path / "script").write_text(script)
    done = subprocess.run([program, "-n", str(tmp_path / "script")], capture_output=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
