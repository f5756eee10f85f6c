"""The HTTP edge: requests in, calls of servicers, ProtoJSON or problem documents out."""

import asyncio
import time
from collections.abc import Mapping

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.api.credentials import CALLER_HEADERS
from services.api.dialects.dispatch import Dialects
from services.api.rest.binding import bind
from services.api.rest.local_call import LocalCalls
from services.api.rest.pages import Pages
from services.api.rest.problem import Problem, problem_of
from services.api.rest.routes import Route, Routes
from services.common import metrics, telemetry
from services.common.errors import AppError
from services.common.ids import new_id
from services.common.log import bound, get_logger
from services.common.rpc_call import REQUEST_ID_KEY

MAX_BODY = 1 << 20
BODY_TIMEOUT_S = 15.0
_MAX_QUERY = 8192
_MAX_DISCARDED = 16 * MAX_BODY
_TOO_LARGE = Problem(413, f"a body may have {MAX_BODY} bytes")

_log = get_logger(__name__)
_tracer = telemetry.tracer(__name__)
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Refusal(Exception):  # noqa: N818  it is the answer
    """The request ends here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class Gateway:
    """An ASGI application over in-process calls; `pages` answers what needs no token."""

    def __init__(self, routes: Routes, calls: LocalCalls, pages: Pages, dialects: Dialects) -> None:
        self._routes = routes
        self._calls = calls
        self._pages = pages
        self._dialects = dialects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI's entry. HTTP only: websockets are turned away."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        began, request_id = time.monotonic(), new_id()
        with (
            bound(request_id=request_id),
            telemetry.continued(request.headers),
            _tracer.start_as_current_span(f"{request.method} REST"),
        ):
            try:
                response = await self._answer(request, request_id)
            except ClientDisconnect:
                return
            response.headers["X-Request-Id"] = request_id
            _count(request, response, time.monotonic() - began)
            await response(scope, receive, send)

    async def _answer(self, request: Request, request_id: str) -> Response:
        try:
            page = await self._pages.answer(request)
            if page is None:
                page = await self._dialects.answer(request, request_id)
            return page if page is not None else await self._call(request, request_id)
        except Refusal as refusal:
            return _problem(request, refusal.problem)
        except AppError as error:
            return _problem(request, problem_of(error, has_precondition="if-match" in request.headers))
        except ClientDisconnect:
            raise
        except NotImplementedError:  # what gRPC's generated servicers raise
            return _problem(request, Problem(501, "this is promised and not served yet"))
        except Exception as error:  # noqa: BLE001  whatever it is, its words stay here
            _log.exception("request failed", error=type(error).__name__)
            return _problem(request, Problem(500, "internal error"))

    async def _call(self, request: Request, request_id: str) -> Response:
        found = self._routes.find(request.method, request.scope["path"])
        if found.route is None:
            raise Refusal(_not_there(request, found.verbs))
        body = await _read_body(request, found.route)
        if len(request.url.query) > _MAX_QUERY:
            raise Refusal(Problem(400, "the query is too long"))
        message = bind(found.route, found.variables, request.query_params.multi_items(), body)
        is_taken = _take_if_match(message, request.headers.get("if-match", ""))
        if not is_taken and found.route.verb != "GET":
            raise Refusal(Problem(400, "If-Match is not possible here: leave it out"))
        answer = await self._calls.call(
            found.route.method, message, metadata=_metadata(request, request_id), peer=_peer(request)
        )
        return _json(answer)


def _not_there(request: Request, verbs: tuple[str, ...]) -> Problem:
    if verbs:
        allow = {"Allow": ", ".join(verbs)}
        return Problem(405, f"{request.method[:16]} is not possible here, only {allow['Allow']}", headers=allow)
    return Problem(404, "there is nothing at this path; /openapi.json has all paths")


async def _read_body(request: Request, route: Route) -> bytes:
    """The body, bounded in bytes and time before it is parsed. Without a rule for a body it is not read."""
    if not route.body:
        return b""
    if int(request.headers.get("content-length", "0")) > _MAX_DISCARDED:
        raise Refusal(_TOO_LARGE)
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            body = await _take_body(request)
    except TimeoutError:
        raise Refusal(Problem(408, f"the body did not come within {BODY_TIMEOUT_S:g} s")) from None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and kind != "application/json":
        raise Refusal(Problem(415, "the body must be application/json", headers={"Accept": "application/json"}))
    return body


async def _take_body(request: Request) -> bytes:
    """Not more than the limit is kept; some more is read and thrown away, or the refusal would meet a closed ear."""
    body, size = bytearray(), 0
    async for block in request.stream():
        size += len(block)
        if size > _MAX_DISCARDED:
            break
        if size <= MAX_BODY:
            body += block
    if size > MAX_BODY:
        raise Refusal(_TOO_LARGE)
    return bytes(body)


def _take_if_match(message: Message, header: str) -> bool:
    """If-Match names the version to be changed, as `etag` in a body does; "*" is any version there is.

    False if there is nowhere to put it: a condition that is not looked at may not be passed over (RFC 9110, 13.1.1).
    """
    etag = header.strip().removeprefix("W/").strip('"')
    if not etag or etag == "*":
        return True
    for holder in (message, *(value for _, value in message.ListFields())):
        if isinstance(holder, Message) and "etag" in holder.DESCRIPTOR.fields_by_name:
            setattr(holder, "etag", etag[:64])  # noqa: B010  a field of whichever message this is
            return True
    return False


def _metadata(request: Request, request_id: str) -> Mapping[str, str]:
    return {REQUEST_ID_KEY: request_id} | {
        name: request.headers[name] for name in CALLER_HEADERS if name in request.headers
    }


def _peer(request: Request) -> str:
    """As gRPC writes it."""
    return f"http:{request.client.host}:{request.client.port}" if request.client else "http:unknown:0"


def _json(answer: Message) -> Response:
    content = json_format.MessageToDict(answer, always_print_fields_with_no_presence=True)
    response = Response(orjson.dumps(content), media_type="application/json", headers=_HEADERS)
    if content.get("etag"):
        response.headers["ETag"] = f'"{content["etag"]}"'
    return response


def _problem(request: Request, problem: Problem) -> Response:
    if problem.status >= 500:
        _log.debug("request refused", path=request.url.path[:200], status=problem.status, reason=problem.detail)
    headers = _HEADERS | dict(problem.headers)
    return Response(problem.body(), problem.status, media_type="application/problem+json", headers=headers)


def _count(request: Request, response: Response, took_s: float) -> None:
    verb = request.method if request.method in {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"} else "other"
    metrics.counter("headwater_api_requests_total", method=verb, code=str(response.status_code)).inc()
    metrics.histogram("headwater_api_request_duration_seconds", method=verb).observe(took_s)
