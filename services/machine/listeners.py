"""The listening sockets that outlive the programs which accept on them.

While a program is being started again its callers wait in the backlog instead of being refused: hls.js survives the
first and not the second (docs/decisions.md).
"""

import errno
import json
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from services.machine.ports import LOOPBACK, NO_ADDRESS, OFFSET_SETTING, ROOTS_PORT, holder

SETTING = "HEADWATER_SOCKETS"
_BACKLOG = 4096
"""What the kernel of a stock machine allows (net.core.somaxconn); it cuts more down silently."""


class PortTakenError(Exception):
    """A port that was promised to people is held by somebody else."""

    def __init__(self, name: str, number: int) -> None:
        super().__init__(
            f"port {number} ({name}) is taken by {holder(number)}; "
            f"stop that, or set {OFFSET_SETTING} (say 1000) to move all of Headwater's ports"
        )
        self.number = number


class ListenError(Exception):
    """A socket that cannot be had, whoever else listens."""


class Listeners:
    """Bound and listening sockets by name."""

    def __init__(self) -> None:
        self._sockets: dict[str, socket.socket] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for listener in self._sockets.values():
            listener.close()

    def open(self, name: str, number: int, host: str = LOOPBACK) -> None:
        """Listen on `number` as `name`; PortTakenError if somebody else does, ListenError if nobody can."""
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the last run linger
        try:
            listener.bind((host, number))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise _refusal(name, number, host, error) from error
        listener.setblocking(False)  # the flag is shared by all who accept on it
        self._sockets[name] = listener

    def fds(self, names: tuple[str, ...]) -> dict[str, int]:
        return {name: self._sockets[name].fileno() for name in names if name in self._sockets}


def _refusal(name: str, number: int, host: str, error: OSError) -> Exception:
    if error.errno == errno.EADDRINUSE:
        return PortTakenError(name, number)
    if error.errno == errno.EACCES:
        return ListenError(f"port {number} ({name}) may not be opened by us; {ROOTS_PORT}")
    return ListenError(f"{host} cannot be listened on ({error.strerror}); {NO_ADDRESS}")


def setting(fds: Mapping[str, int]) -> str:
    """The value of HEADWATER_SOCKETS: JSON {name: fd}, read by services.common.sockets."""
    return json.dumps(dict(fds), sort_keys=True)
