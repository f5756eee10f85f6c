"""Our programs: what each is started as, which sockets it is handed, and in which order they stop."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from services.common import ports
from services.machine.child import Command
from services.machine.listeners import SETTING, setting

CHECKOUT = Path(__file__).parents[2]
"""The folder that holds `services`."""


@dataclass(frozen=True)
class Program:
    """One row of the table of programs (docs/architecture.md)."""

    name: str
    module: str
    listens: tuple[str, ...] = ()
    """Ports whose sockets it is handed."""

    count: int = 1
    serves: Mapping[str, int] = field(default_factory=dict)
    """Ports it opens for people beside those that every program has: setting -> port before the offset."""

    @property
    def is_there(self) -> bool:
        """True if this checkout has the program."""
        path = CHECKOUT.joinpath(*self.module.split("."))
        return (path / "__main__.py").exists() or path.with_suffix(".py").exists()


PROGRAMS: tuple[Program, ...] = (
    Program("ingest", "services.ingest", listens=("rtmp",)),
    Program("packager", "services.packager"),
    Program("relay", "services.ingest.relay"),
    Program("archiver", "services.archiver"),
    Program("origin", "services.packager.origin", listens=("origin",), count=2),
    Program("stats", "services.stats"),
    Program("api", "services.api", serves={"HEADWATER_REST_PORT": ports.REST}),
)

STOP_ORDER = (("ingest",), ("packager", "relay"), ("archiver", "origin", "stats", "api"), ("redis", "s3", "nats"))
"""Who writes stops before who reads, and the servers last, so that nothing is lost on the way down."""


def called(name: str) -> Program:
    """The program of that name; KeyError names those there are."""
    for program in PROGRAMS:
        if program.name == name:
            return program
    raise KeyError(f"no program is called {name}; there are {', '.join(p.name for p in PROGRAMS)}")


def replica_name(program: str, number: int) -> str:
    """The name of a replica's pid file and log: "origin", "origin-2", …"""
    return program if number == 1 else f"{program}-{number}"


def served_ports(program: Program, offset: int) -> dict[str, int]:
    """The ports that the first replica of a program opens by itself, by a name for people."""
    found = {
        f"{program.name} metrics": ports.metrics_port(program.name),
        f"{program.name} gRPC": ports.grpc_port(program.name),
    }
    found |= {f"{program.name}, {setting}": number for setting, number in program.serves.items()}
    return {name: number + offset for name, number in found.items()}


def own_ports(number: int, offset: int) -> dict[str, str]:
    """Settings by which replica `number` of a program does not get in the way of the first."""
    if number == 1:
        return {}
    place = len(ports.PROGRAMS) + number - 2
    return {
        "HEADWATER_METRICS_PORT": str(ports.METRICS + place + offset),
        "HEADWATER_GRPC_PORT": str(ports.INTERNAL_GRPC + place + offset),
    }


def command(program: Program, number: int, env: Mapping[str, str], fds: Mapping[str, int]) -> Command:
    """How to start replica `number` of `program` with the sockets `fds`, by name."""
    name = replica_name(program.name, number)
    own = {"HEADWATER_REPLICA": name, SETTING: setting(fds), "PYTHONUNBUFFERED": "1"}
    own["PYTHONPATH"] = str(CHECKOUT)
    argv = (sys.executable, "-m", program.module)
    return Command(name, argv, dict(env) | own, tuple(fds.values()), CHECKOUT)
