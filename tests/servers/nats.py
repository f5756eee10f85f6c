"""nats-server with JetStream on files, set as `make run` and the chart set it."""

import json
import socket

from tests.servers.process import Server, needed

MAX_PAYLOAD = 8 * 1024 * 1024
CONFIG = """\
listen: "127.0.0.1:{port}"
max_payload: {max_payload}
jetstream {{ store_dir: "{store}" }}
"""


class NatsServer(Server):
    name = "nats"

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        config = self.folder / "nats.conf"
        store = self.folder / "jetstream"
        config.write_text(CONFIG.format(port=self.port, max_payload=MAX_PAYLOAD, store=store), encoding="utf-8")
        return [needed("nats-server"), "-c", str(config)]

    def is_ready(self) -> bool:
        """The first line a client is told says that JetStream is on."""
        try:
            with (
                socket.create_connection(("127.0.0.1", self.port), timeout=1) as client,
                client.makefile("rb") as lines,
            ):
                greeting = lines.readline(64 * 1024)
        except OSError:
            return False
        kind, _, body = greeting.partition(b" ")
        return kind == b"INFO" and bool(json.loads(body).get("jetstream"))
