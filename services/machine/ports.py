"""The ports of one machine (they are promised to people), and who holds one that is taken."""

import socket
from pathlib import Path

from services.common import ports

LOOPBACK = "127.0.0.1"
OFFSET_SETTING = "HEADWATER_PORT_OFFSET"

PORTS = {
    "rtmp": ports.RTMP,
    "nats": ports.NATS,
    "nats-monitor": ports.NATS_MONITOR,
    "redis": ports.REDIS,
    "rest": ports.REST,
    "origin": ports.ORIGIN,
    "s3": ports.S3,
    "metrics": ports.METRICS,
    "grpc": ports.GRPC,
}
HIGHEST_OFFSET = 65535 - ports.GRPC - 100
"""A hundred places are left for replicas."""

S3_GRPC_STEPS = range(10, 100, 10)
"""Where SeaweedFS's gRPC ports may begin, as distances from its S3 port."""

ROOTS_PORT = "ports below 1024 are root's: take a higher one, or lower net.ipv4.ip_unprivileged_port_start (sysctl)"
NO_ADDRESS = "set HEADWATER_BIND to an address of this machine, or to 0.0.0.0 for all of them"

_LISTEN = "0A"


def port(name: str, offset: int) -> int:
    """The port called `name`, moved by HEADWATER_PORT_OFFSET."""
    return PORTS[name] + offset


def is_free(number: int) -> bool:
    """True if this process could listen on `number` now."""
    return obstacle(number) is None


def obstacle(number: int, host: str = LOOPBACK) -> OSError | None:
    """Why this process cannot listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, number))
        except OSError as error:
            return error
    return None


def next_free(first: int) -> int:
    """The first free port from `first` on; OSError if the next 1000 are all taken."""
    for number in range(first, first + 1000):
        if is_free(number):
            return number
    raise OSError(f"no free port from {first} to {first + 999}")


def holder(number: int) -> str:
    """Who listens on `number`, in words: "nginx (pid 12)", or what is known when the process is not ours to see."""
    inodes = _listening_inodes(number)
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & _socket_inodes(process):
            return f"{_command_name(process)} (pid {process.name})"
    return "a process of another user" if inodes else "a process that does not listen"


def _listening_inodes(number: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        rows = table.read_text().splitlines()[1:] if table.exists() else []
        for fields in map(str.split, rows):
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == number:
                found.add(fields[9])
    return found


def _socket_inodes(process: Path) -> set[str]:
    try:
        links = [_target(entry) for entry in (process / "fd").iterdir()]
    except OSError:  # not ours, or gone meanwhile
        return set()
    return {link[8:-1] for link in links if link.startswith("socket:[")}


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:  # closed meanwhile
        return ""


def _command_name(process: Path) -> str:
    try:
        return (process / "comm").read_text().strip()
    except OSError:  # gone meanwhile
        return "a process that has just ended"
