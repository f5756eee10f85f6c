"""A small honest `api`: answers /readyz on the REST port, and says in its log what it was given."""

import json
import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from services.common import ports


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Server(ThreadingHTTPServer):
    allow_reuse_address = True


if __name__ == "__main__":
    if "STUBBORN" in os.environ:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    given = {name: value for name, value in os.environ.items() if name.startswith("HEADWATER_")}
    sys.stdout.write(json.dumps(given) + "\n")
    sys.stdout.flush()
    Server(("127.0.0.1", ports.REST + int(os.environ["HEADWATER_PORT_OFFSET"])), Handler).serve_forever()
