"""A disk that took no writes: nats-server takes none after it, even where there is room again, until started anew.

A failed write stays with the file it was meant for (nats-server 2.14: `msgBlock.werr`). Its log says so, once a write,
if that can be written; so the disk is tried, too.
"""

import errno
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from services.machine.home import Home

ENOUGH_BYTES = 256_000_000
"""With less than this free it would be full again at once."""

_SIGNS = (b"no space left on device", b"read-only file system")
_TRIED_BYTES = 64 * 1024
_MOST_READ = 1024 * 1024
_FULL = "full; make room"
_ADVICE = {errno.ENOSPC: _FULL, errno.EDQUOT: _FULL, errno.EROFS: "read-only; make it writable"}


class Room:
    """Looks after the disk under our own nats-server while a machine runs."""

    def __init__(self, home: Home, *, say: Callable[[str], None], restart: Callable[[], None]) -> None:
        self._home = home
        self._log = home.log_path("nats")
        self._say = say
        self._restart = restart
        self._read_to = self._log_bytes()
        self._is_in_need = False

    def look(self) -> None:
        """Say it when the disk takes no writes; start nats-server anew when it does again."""
        failed = self._has_failed()
        trouble = _trouble(self._home.run) or (_FULL if failed else "")
        if trouble and not self._is_in_need:
            self._is_in_need = True
            self._say(f"disk: {self._home.path} is {trouble}, what encoders send is kept for a short while only")
        if self._is_in_need and not _trouble(self._home.run) and self._free() >= ENOUGH_BYTES:
            self._is_in_need = False
            self._say("disk: there is room again; nats is started anew, since it takes nothing after a full disk")
            self._restart()
            self._read_to = self._log_bytes()

    def _free(self) -> int:
        return shutil.disk_usage(self._home.path).free

    def _has_failed(self) -> bool:
        """True if a write has failed since the last look."""
        size = self._log_bytes()
        begin = max(self._read_to, size - _MOST_READ) if size >= self._read_to else 0  # else it was rotated
        self._read_to = size
        written = _read(self._log, begin)
        return any(sign in written for sign in _SIGNS)

    def _log_bytes(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0


def _read(path: Path, begin: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(_MOST_READ)


def _trouble(folder: Path) -> str:
    """Why nothing can be written into a folder, and what to do; empty if it can."""
    path = folder / ".room"
    try:
        path.write_bytes(bytes(_TRIED_BYTES))
        path.unlink()
    except OSError as error:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return _ADVICE.get(error.errno or 0, f"not to be written to ({error.strerror}); see to it")
    return ""
