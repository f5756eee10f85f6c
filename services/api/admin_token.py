"""The admin token of the state folder: made at the first start, readable by its owner alone."""

import os
import secrets
from pathlib import Path

from services.common.errors import AppError, Kind
from services.common.ids import new_token

FILE = "admin-token"
_MIN_LENGTH = 20


def read_or_make(home: Path) -> str:
    """The token. AppError(INVALID) names the file if it cannot be read or holds none."""
    path = home / FILE
    try:
        if not path.exists():
            _make(path)
        token = path.read_text().strip()
    except OSError as error:
        raise AppError(Kind.INVALID, f"{path}: {error.strerror}") from error
    if len(token) < _MIN_LENGTH:
        raise AppError(Kind.INVALID, f"{path} holds no token; remove it and a new one is made")
    return token


def _make(path: Path) -> None:
    """Several may start at once: the file appears whole, and the first one wins."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(new_token() + "\n")
            file.flush()
            os.fsync(file.fileno())  # or the name may outlive a power cut and the token not
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()
