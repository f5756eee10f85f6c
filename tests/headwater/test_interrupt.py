"""Ctrl-C while a command is being loaded."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PRESS = """
import os, signal, sys
module = sys.argv.pop(1)
class Press:
    def find_spec(self, name, *_):
        if name == module:
            os.kill(os.getpid(), signal.SIGINT)
signal.signal(signal.SIGINT, {handler})
sys.meta_path.insert(0, Press())
from headwater.cli import main
main()
"""


def press_at(module: str, *words: str, home: Path, handler: str = "signal.default_int_handler") -> "tuple[int, str]":
    """How `headwater <words>` ends when Ctrl-C comes at the beginning of a module."""
    command = [sys.executable, "-c", PRESS.format(handler=handler), module, *words]
    env = {"HEADWATER_HOME": str(home), "HEADWATER_URL": "http://127.0.0.1:1", "HEADWATER_TOKEN": "x"}
    done = subprocess.run(command, env=env, check=False, capture_output=True, text=True, timeout=30)
    return done.returncode, done.stderr


@pytest.mark.parametrize(
    ("module", "words"),
    [
        ("typer", ("livestreams", "list")),
        ("headwater.rest.client", ("livestreams", "list")),
        ("services.machine.machine", ("run",)),
        ("services.machine.doctor_home", ("doctor",)),
    ],
)
def test_interrupt_ends_it_by_the_signal_and_without_a_word(
    tmp_path: Path, module: str, words: tuple[str, ...]
) -> None:
    """Nothing is begun by then, so there is nothing to be said."""
    assert press_at(module, *words, home=tmp_path) == (-signal.SIGINT, "")


def test_interrupt_that_is_ignored_stays_ignored(tmp_path: Path) -> None:
    """As in a shell's background: it fails for another reason."""
    code, said = press_at("typer", "livestreams", "list", home=tmp_path, handler="signal.SIG_IGN")

    assert (code, "nobody answers" in said) == (3, True)
