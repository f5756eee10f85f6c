"""Ports of loopback: which are free, and which process listens on one."""

import os
import random
import socket
from pathlib import Path

# Below the kernel's range for outgoing connections (32768 and up), so that a server that is killed and started again
# on its port never finds it taken by some client's end of a connection.
RANGE = range(20000, 32000)
LISTEN = "0A"


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 on which nobody listens at this moment."""
    drawn = random.SystemRandom().sample(RANGE, len(RANGE))
    found: list[int] = []
    for port in drawn:
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise RuntimeError(f"fewer than {count} free ports in {RANGE}")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def listens(pid: int, port: int) -> bool:
    """Whether this very process holds a listening TCP socket on the port, and not a stranger who came first."""
    inodes = _listening_inodes(port)
    if not inodes:
        return False
    try:
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
        return any(_target(descriptor) in inodes for descriptor in descriptors)
    except (FileNotFoundError, PermissionError):
        return False


def _target(descriptor: Path) -> str:
    try:
        return os.readlink(descriptor)  # noqa: PTH115  a socket's link is no path
    except FileNotFoundError:
        return ""


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
