"""One request to the REST API and its answer; the standard library's HTTP, so that the client needs nothing else."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import Any, Protocol
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import OpenerDirector, ProxyHandler, Request, build_opener

from headwater.errors import UnreachableError
from headwater.rest.problems import error_of

Json = dict[str, Any]

_MAX_ANSWER_BYTES = 64 * 1024 * 1024
_BLOCK_BYTES = 1024 * 1024


class Transport(Protocol):
    """What carries a call: REST here; gRPC could stand beside it."""

    def call(
        self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Json | None = None
    ) -> Json: ...

    def send(self, method: str, path: str, content: bytes, kind: str) -> Json: ...

    def content(self, path: str) -> bytes: ...

    def blocks(self, url: str) -> Iterator[bytes]: ...


class RestTransport:
    """Calls over HTTP with JSON."""

    def __init__(self, url: str, token: str, *, tenant: str = "", timeout_s: float) -> None:
        if not _is_address(url):
            raise UnreachableError(f"{url} is no address: http://host:port or https://host is needed")
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"}
        if tenant:
            self._headers["X-Headwater-Tenant"] = tenant
        self._timeout_s = timeout_s
        self._opener = _opener(self.url)

    def call(self, method: str, path: str, *, query: Mapping[str, Any] | None = None, body: Json | None = None) -> Json:
        """The answer's JSON object ({} for none). ApiError for an answer of 400 and up, UnreachableError for none."""
        wanted = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        url = f"{self.url}{path}" + (f"?{urlencode(wanted)}" if wanted else "")
        data = None if body is None else json.dumps(body).encode()
        return self._json(self._ask(method, url, data, "application/json"))

    def send(self, method: str, path: str, content: bytes, kind: str) -> Json:
        """The answer to a body that is no JSON; `kind` is its media type."""
        return self._json(self._ask(method, f"{self.url}{path}", content, kind))

    def content(self, path: str) -> bytes:
        """An answer that is no JSON."""
        return self._ask("GET", f"{self.url}{path}", None, "")

    def _ask(self, method: str, url: str, data: bytes | None, kind: str) -> bytes:
        headers = dict(self._headers) if data is None else self._headers | {"Content-Type": kind}
        with self._opened(Request(url, data, headers, method=method)) as answer:  # noqa: S310  http(s), checked below
            return _whole(answer, answer.read(_MAX_ANSWER_BYTES))

    def _json(self, data: bytes) -> Json:
        """UnreachableError where somebody else answers: a success of ours is always a JSON object, or empty."""
        found = _object(data)
        if found is None:
            raise UnreachableError(self._stranger)
        return found

    @property
    def _stranger(self) -> str:
        return f"what answers at {self.url} is not Headwater's API"

    @contextmanager
    def _opened(self, request: Request, *, is_file: bool = False) -> Iterator[HTTPResponse]:
        """The answer, to be read inside; whatever befalls it there is one of our errors."""
        if request.type not in ("http", "https"):
            raise UnreachableError(f"{request.full_url} is neither http nor https")
        try:
            with self._opener.open(request, timeout=self._timeout_s) as answer:
                yield answer
        except HTTPError as error:
            with error:
                problem = _object(error.read(_MAX_ANSWER_BYTES))
            if not problem and error.code < HTTPStatus.INTERNAL_SERVER_ERROR and not is_file:
                raise UnreachableError(f"{self._stranger}: HTTP status {error.code}") from None
            raise error_of(error.code, problem or {}, error.headers) from None
        except (URLError, HTTPException, OSError) as error:
            reason = getattr(error, "reason", error)
            raise UnreachableError(f"nobody answers at {self.url}: {_words(reason)}") from error

    def blocks(self, url: str) -> Iterator[bytes]:
        """The bytes of a file that an answer names, in blocks; relative to the API if it names no host."""
        absolute = url if "://" in url else f"{self.url}{url}"
        with self._opened(Request(absolute), is_file=True) as answer:  # noqa: S310  http(s), checked below
            while block := answer.read(_BLOCK_BYTES):
                yield block
            _whole(answer, b"")


def segment(text: str) -> str:
    """A value as one segment of a path, whatever it contains."""
    return quote(text, safe="")


def _opener(url: str) -> OpenerDirector:
    host = urlsplit(url).hostname or ""
    near = host == "localhost" or host.startswith("127.") or host == "::1"
    return build_opener(ProxyHandler({})) if near else build_opener()


def _is_address(url: str) -> bool:
    try:
        where = urlsplit(url)
        return where.scheme in {"http", "https"} and bool(where.hostname) and where.port != 0
    except ValueError:  # a port above 65535, or half an IPv6 address
        return False


def _whole(answer: HTTPResponse, data: bytes) -> bytes:
    """IncompleteRead where the connection has ended before the answer: reading says so only of one in chunks."""
    if answer.length:
        raise IncompleteRead(data, answer.length)
    return data


def _object(data: bytes) -> Json | None:
    """None for what is no JSON object, such as some proxy's page."""
    try:
        loaded = json.loads(data or b"{}")
    except ValueError:
        return None
    return loaded if isinstance(loaded, dict) else None


def _words(reason: object) -> str:
    if isinstance(reason, TimeoutError | socket.timeout):
        return "no answer in time"
    if isinstance(reason, HTTPException):
        return "the answer broke off"
    if isinstance(reason, OSError) and reason.strerror:
        return reason.strerror
    return str(reason)
