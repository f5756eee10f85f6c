"""Somebody's own server that webhooks are sent to: it notes what it hears and answers as it is told."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass(frozen=True)
class Heard:
    """One request; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


class Receiver:
    """Answers 204, or the next of `answers`; while `silent` is set it keeps requests waiting."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.heard: list[Heard] = []
        self.answers: list[int] = []
        self.silent = threading.Event()
        self.speak = threading.Event()

    def of(self, path: str) -> list[Heard]:
        """What came to one path, in the order it came."""
        return [heard for heard in self.heard if heard.path == path]

    def take(self, heard: Heard) -> int:
        self.heard.append(heard)
        if self.silent.is_set():
            self.speak.wait(20)
        return self.answers.pop(0) if self.answers else 204


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiver.take(Heard(self.path, headers, body)))
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Tests say what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.speak.set()
        server.shutdown()
        server.server_close()
