"""What the doctor says of the state folder: whether it is one, and whether we may write there."""

import os
import tempfile
from pathlib import Path

from services.machine.finding import Finding, Verdict

_ADVICE = "set HEADWATER_HOME to a folder of ours"


def home_finding(home: Path) -> Finding:
    """Wrong if `headwater run` could not keep its state there. A folder is made in it and removed, as a proof."""
    path = home.absolute()
    try:
        there = next(folder for folder in (path, *path.parents) if _is_there(folder))
        with tempfile.TemporaryDirectory(prefix=".headwater-doctor-", dir=there):
            pass
    except OSError as error:  # a file, too long a name, read-only, another's, full …
        return Finding("home", Verdict.WRONG, f"cannot be {path}: {error.strerror}", _ADVICE)
    if (foreign := _foreign(path)) is not None:
        return Finding(
            "home", Verdict.WRONG, f"{foreign} is not ours to read and write", f"`chown -R` it, or {_ADVICE}"
        )
    return Finding("home", Verdict.OK, str(path) if there == path else f"{path}, which the first start makes")


def _foreign(home: Path) -> Path | None:
    """What somebody else has left there, as `headwater run` under another name does."""
    kept = (*home.glob("*"), *home.glob("run/*"), *home.glob("log/*"))
    return next((path for path in kept if not os.access(path, os.R_OK | os.W_OK) and path.exists()), None)


def _is_there(folder: Path) -> bool:
    """OSError where nobody can be told: the name is too long, or what is above it is closed to us."""
    try:
        folder.stat()
    except FileNotFoundError:
        return False
    return True
