"""A small honest API server: livestreams, media and tokens in memory, by the REST contract."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "hw_test"
PAGE = 2


class SmallApi(ThreadingHTTPServer):
    """Its state, and every request it was sent."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.things: dict[str, dict[str, dict[str, Any]]] = {
            kind: {} for kind in ("livestreams", "media", "tokens", "tenants", "apps", "signingKeys")
        }
        self.requests: list[tuple[str, str, Any]] = []
        self.tenant: str | None = None
        """The one that the newest request named."""
        self.asked_for_download = 0
        self.files_break_off = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def add_livestream(self, name: str) -> dict[str, Any]:
        identifier = f"{len(self.things['livestreams']) + 1:032x}"
        inputs = [
            {
                "instance": instance,
                "protocol": "rtmp",
                "url": "rtmp://127.0.0.1:1935/live",
                "streamKey": f"k-{instance}",
            }
            for instance in ("primary", "secondary")
        ]
        playouts = [{"protocol": "hls", "url": f"http://127.0.0.1:8088/{identifier}/index.m3u8"}]
        made = {"id": identifier, "name": name, "state": "IDLE", "inputs": inputs, "playouts": playouts}
        self.things["livestreams"][identifier] = made
        return made

    def add_media(self, livestream: str) -> dict[str, Any]:
        identifier = f"{len(self.things['media']) + 1:032x}"
        made = {"id": identifier, "livestreamId": livestream, "state": "READY", "duration": "12.500s"}
        self.things["media"][identifier] = made
        return made


class Handler(BaseHTTPRequestHandler):
    server: SmallApi

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path.startswith("/files/"):
            self._bytes(200, b"an mp4", "video/mp4", missing=60 if self.server.files_break_off else 0)
        else:
            self._handle()

    do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815  names that http.server calls

    def _handle(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        self.server.requests.append((self.command, self.path, body))
        self.server.tenant = self.headers["X-Headwater-Tenant"]
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            return self._problem(401, "the token is not known")
        url = urlsplit(self.path)
        parts = url.path.removeprefix("/v1/").split("/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        return self._one(parts, body) if len(parts) > 1 else self._many(parts[0], query, body)

    def _many(self, kind: str, query: dict[str, str], body: Any) -> None:
        if self.command == "POST" and kind == "tokens":
            made = {"id": "1" * 32, "secret": "hw_fresh", **body}
            self.server.things[kind][made["id"]] = made
            return self._json(made)
        if self.command == "POST" and kind in {"tenants", "apps"}:
            made = {"id": "2" * 32, **body}
            self.server.things[kind][made["id"]] = made
            return self._json(made)
        if self.command == "POST" and kind == "signingKeys":
            made = {"id": "3" * 32, "createTime": "2030-01-01T00:00:00Z"}
            self.server.things[kind][made["id"]] = made
            return self._json(made | {"pem": "cGVt", "jwk": "andr"})
        if self.command == "POST":
            return self._json(self.server.add_livestream(body.get("name", "")) | body)
        found = list(self.server.things[kind].values())
        found = [one for one in found if query.get("livestreamId") in (None, one.get("livestreamId"))]
        found = [one for one in found if query.get("name", "") in one.get("name", "")]
        start = int(query.get("pageToken", 0))
        rest = {"nextPageToken": str(start + PAGE)} if start + PAGE < len(found) else {}
        return self._json({kind: found[start : start + PAGE], **rest})

    def _one(self, parts: list[str], body: Any) -> None:
        kind, (identifier, _, verb) = parts[0], parts[1].partition(":")
        thing = self.server.things[kind].get(identifier)
        if thing is None:
            return self._problem(404, f"there is no {kind} {identifier}")
        if self.command == "DELETE":
            del self.server.things[kind][identifier]
            return self._json({})
        if self.command == "PATCH":
            if body.get("name") == "bad":
                return self._problem(400, "the request is wrong", errors=[{"field": "name", "detail": "is bad"}])
            thing |= body
        if verb:
            thing["state"] = {"activate": "ACTIVE", "idle": "IDLE"}[verb]
        return self._json(self._part(parts[2:], thing))

    def _part(self, rest: list[str], thing: dict[str, Any]) -> dict[str, Any]:
        if rest == ["statistics"]:
            row = {"rtmpConnections": 1, "hlsConnections": 7}
            return {"primary": row, "secondary": {}, "sum": row}
        if rest == ["playbackTokens"]:
            return {"token": "a.b.c", "expireTime": "2030-01-01T00:00:00Z"}
        if rest == ["downloads"] and self.command == "GET":
            return {"downloads": [{"format": "MP4", "state": "IN_PROGRESS", "percent": 40}]}
        if rest == ["downloads"]:
            self.server.asked_for_download += 1
            done = self.server.asked_for_download > 1
            state = {"state": "READY", "url": "/files/x.mp4"} if done else {"state": "IN_PROGRESS", "percent": 40}
            return {"format": "MP4", **state}
        return thing

    def _json(self, answer: dict[str, Any]) -> None:
        self._bytes(200, json.dumps(answer).encode(), "application/json")

    def _problem(self, status: int, detail: str, **more: Any) -> None:
        body = {"title": "Refused", "status": status, "detail": detail, **more}
        self._bytes(status, json.dumps(body).encode(), "application/problem+json")

    def _bytes(self, status: int, body: bytes, kind: str, *, missing: int = 0) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) + missing))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """Say nothing."""


@contextmanager
def small_api() -> Iterator[SmallApi]:
    with SmallApi() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
