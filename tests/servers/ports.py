"""Ports of loopback: which are free, and which process listens on one."""

import os
import random
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

# Below the kernel's range for outgoing connections (32768 and up), so that a server that is killed and started again
# on its port never finds it taken by some client's end of a connection; and above the ports of whole machines
# (tests.machine.running), which are drawn elsewhere.
RANGE = range(24_800, 32_000)
LISTEN = "0A"


def share(values: Sequence[int]) -> list[int]:
    """Those of `values` that are this process's alone among the workers of one run of tests, in random order.

    Between the choice of a port and its use nobody holds it, so two workers must never choose the same one.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = list(values[worker::workers])
    random.SystemRandom().shuffle(mine)
    return mine


def _turns() -> Iterator[int]:
    """Every port of the share before one comes again: whoever holds a number may stop and start on it meanwhile."""
    while True:
        yield from share(RANGE)


_drawn = _turns()


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 on which nobody listens at this moment, and which nobody was given lately."""
    found: list[int] = []
    for port, _ in zip(_drawn, RANGE, strict=False):
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
