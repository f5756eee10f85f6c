"""A disk that was full: nats-server takes no write after it, even where there is room again, until it is started anew.

A failed write stays with the file it was meant for (nats-server 2.14: `msgBlock.werr`). Its log says so, once a write.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

from services.machine.home import Home

ENOUGH_BYTES = 256_000_000
"""With less than this free it would be full again at once."""

_SIGN = b"no space left on device"
_MOST_READ = 1024 * 1024


class Room:
    """Looks after the disk under our own nats-server while a machine runs."""

    def __init__(self, home: Home, *, say: Callable[[str], None], restart: Callable[[], None]) -> None:
        self._home = home
        self._log = home.log_path("nats")
        self._say = say
        self._restart = restart
        self._read_to = self._log_bytes()
        self._is_full = False

    def look(self) -> None:
        """Say it when the disk is full; start nats-server anew when there is room again."""
        if self._was_full() and not self._is_full:
            self._is_full = True
            self._say(f"disk: full at {self._home.path}; make room, what encoders send is kept for a short while only")
        if self._is_full and shutil.disk_usage(self._home.path).free >= ENOUGH_BYTES:
            self._is_full = False
            self._say("disk: there is room again; nats is started anew, since it takes nothing after a full disk")
            self._restart()
            self._read_to = self._log_bytes()

    def _was_full(self) -> bool:
        """True if a write has failed since the last look."""
        size = self._log_bytes()
        begin = max(self._read_to, size - _MOST_READ) if size >= self._read_to else 0  # else it was rotated
        self._read_to = size
        return _SIGN in _read(self._log, begin)

    def _log_bytes(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0


def _read(path: Path, begin: int) -> bytes:
    if not path.exists():
        return b""
    with path.open("rb") as file:
        file.seek(begin)
        return file.read(_MOST_READ)
