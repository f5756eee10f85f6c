"""What needs no token: the start page, the reference, /openapi.json, /healthz and /readyz."""

import gzip
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.api.rest.problem import Problem
from services.api.rest.refusal import Refusal

_STATIC = Path(__file__).parents[1] / "static"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_PATHS = {"/": "index.html", "/docs": "docs.html"}

Readiness = Callable[[], Awaitable[Mapping[str, str]]]
"""Names what is not ready and why; empty when an encoder may connect and a viewer may watch."""


@dataclass(frozen=True, slots=True)
class _Page:
    kind: str
    plain: bytes
    zipped: bytes
    etag: str


class Pages:
    """Everything is read once, at the start."""

    def __init__(self, openapi: bytes, readiness: Readiness) -> None:
        self._readiness = readiness
        self._pages = {f"/static/{path.name}": _page(_KINDS[path.suffix], path.read_bytes()) for path in _files()}
        self._pages |= {path: self._pages[f"/static/{name}"] for path, name in _PATHS.items()}
        self._pages["/openapi.json"] = _page("application/json", openapi)

    async def answer(self, request: Request, _request_id: str) -> Response | None:
        """None for a path that is not one of these."""
        path = request.scope["path"]
        if path not in self._pages and path not in {"/healthz", "/readyz"}:
            return None
        if request.method not in {"GET", "HEAD"}:
            allow = "GET, HEAD"
            words = f"{request.method[:16]} is not possible here, only {allow}"
            raise Refusal(Problem(405, words, headers={"Allow": allow}))
        if path == "/healthz":
            return Response("ok\n", media_type="text/plain", headers={"Cache-Control": "no-store"})
        if path == "/readyz":
            return await self._ready()
        return _send(self._pages[path], request)

    async def _ready(self) -> Response:
        failing = await self._readiness()
        body = orjson.dumps({"ready": not failing, "failing": dict(failing)}) + b"\n"
        status = 503 if failing else 200
        return Response(body, status, media_type="application/json", headers={"Cache-Control": "no-store"})


def _files() -> list[Path]:
    return sorted(path for path in _STATIC.iterdir() if path.suffix in _KINDS)


def _page(kind: str, content: bytes) -> _Page:
    return _Page(kind, content, gzip.compress(content, mtime=0), f'"{sha256(content).hexdigest()[:16]}"')


def _send(page: _Page, request: Request) -> Response:
    headers = _HEADERS | {"ETag": page.etag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == page.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return Response(page.zipped, media_type=page.kind, headers=headers)
    return Response(page.plain, media_type=page.kind, headers=headers)
