"""Listening sockets: those the supervisor holds for us across restarts, or else our own.

The supervisor owns the sockets of ingest and origin so that callers wait in the backlog while a program is started
again (`HEADWATER_SOCKETS`, JSON of name to inherited file descriptor). Kubernetes has no such thing: there we bind.
"""

import errno
import json
import os
import socket

from services.common.errors import AppError, Kind

VARIABLE = "HEADWATER_SOCKETS"


def listening_socket(
    name: str, host: str, port: int, *, setting: str = "HEADWATER_PORT_OFFSET", backlog: int = 4096
) -> socket.socket:
    """A non-blocking TCP socket that listens, handed down under `name` or bound to `host` and `port` here.

    `setting` is the variable that would move the port. AppError(FAILED_PRECONDITION) names it where the port is
    taken or the address is not ours, and INVALID where what was handed down is no listening socket.
    """
    handed = _handed_down(name)
    if handed is not None:
        return handed
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the last run's connections linger
        listener.bind((host, port))
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise AppError(Kind.FAILED_PRECONDITION, _why(name, host, port, setting, error)) from error
    listener.setblocking(False)
    return listener


def _handed_down(name: str) -> socket.socket | None:
    table = os.environ.get(VARIABLE)
    if not table:
        return None
    try:
        descriptor = json.loads(table).get(name)
        listener = None if descriptor is None else socket.socket(fileno=descriptor)
    except (ValueError, TypeError, AttributeError, OSError) as error:
        raise AppError(Kind.INVALID, f"{VARIABLE} holds no socket for {name}: {error}") from error
    if listener is None:
        return None
    if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        listener.detach()  # whatever it is, it is not ours to close
        raise AppError(Kind.INVALID, f"{VARIABLE} holds a socket for {name} that does not listen")
    listener.setblocking(False)
    listener.set_inheritable(False)
    return listener


def _why(name: str, host: str, port: int, setting: str, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} for {name} is taken by another process; set {setting} to move it"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine; set HEADWATER_BIND"
    if error.errno == errno.EACCES:
        return f"port {port} for {name} needs root; set {setting} to move it above 1023"
    return f"cannot listen on {host}:{port} for {name}: {os.strerror(error.errno or 0)}"
