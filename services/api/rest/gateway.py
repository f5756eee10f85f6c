"""The HTTP edge: requests in, calls of servicers, ProtoJSON or problem documents out."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from google.protobuf.message import Message
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from services.api.caller import Caller
from services.api.emptied import emptied, emptying
from services.api.rest.answer import problem_response, response_of
from services.api.rest.binding import bind, emptied_by
from services.api.rest.body import read_body
from services.api.rest.idempotency import HEADER, Idempotency, Order
from services.api.rest.local_call import LocalCalls
from services.api.rest.problem import Problem, problem_of
from services.api.rest.refusal import Refusal
from services.api.rest.routes import Match, Route, Routes
from services.api.rest.sender import Sender, sender_of
from services.common import metrics, telemetry
from services.common.errors import AppError
from services.common.ids import new_id
from services.common.log import bound, get_logger
from services.common.rpc_call import Context

MAX_BODY = 1 << 20
MAX_RAW_BODY = 10 << 20
"""Of pictures and captions."""
_MAX_QUERY = 8192

_log = get_logger(__name__)
_tracer = telemetry.tracer(__name__)


class Door(Protocol):
    """What answers some paths by rules of its own, before the routes are looked at."""

    async def answer(self, request: Request, request_id: str) -> Response | None:
        """None for a path that is none of its."""
        ...


class Admitting(Protocol):
    """Says who calls; AppError where he may not."""

    async def admit(self, method: str, context: Context) -> Caller: ...


class Gateway:
    """An ASGI application over in-process calls."""

    def __init__(
        self, routes: Routes, calls: LocalCalls, doors: Sequence[Door], access: Admitting, idempotency: Idempotency
    ) -> None:
        self._routes = routes
        self._calls = calls
        self._doors = doors
        self._access = access
        self._idempotency = idempotency

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
                response = await _answered(request, lambda: self._answer(request, request_id))
            except ClientDisconnect:
                return
            response.headers["X-Request-Id"] = request_id
            _count(request, response, time.monotonic() - began)
            await response(scope, receive, send)

    async def _answer(self, request: Request, request_id: str) -> Response:
        for door in self._doors:
            response = await door.answer(request, request_id)
            if response is not None:
                return response
        found = self._routes.find(request.method, request.scope["path"])
        if found.route is None:
            raise Refusal(_not_there(request, found.verbs))
        sender = sender_of(request, request_id)
        who = await self._access.admit(found.route.method, sender.context)  # before a byte of the body is kept
        message, empty = await _read(request, found.route, found)
        with emptying(empty):
            return await self._order(request, found.route, message, sender, who)

    async def _order(self, request: Request, route: Route, message: Message, sender: Sender, who: Caller) -> Response:
        async def call() -> Response:
            metadata, peer = sender.metadata, sender.peer
            return await response_of(await self._calls.call(route.method, message, metadata=metadata, peer=peer))

        key = request.headers.get(HEADER)
        if key is None or route.verb == "GET":
            return await call()
        content = who.app_id.encode() + b"\0" + message.SerializeToString(deterministic=True)
        content += "".join(f"\0{name}" for name in sorted(emptied())).encode()
        order = Order(key, who.tenant_id, f"{route.verb} {route.template.text}", content)
        return await self._idempotency.once(order, lambda: _answered(request, call))


async def _answered(request: Request, work: Callable[[], Awaitable[Response]]) -> Response:
    """What `work` answers, or its error as a problem document."""
    try:
        return await work()
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


async def _read(request: Request, route: Route, found: Match) -> tuple[Message, frozenset[str]]:
    """The request as the method's message, and what its body empties."""
    body = await _body(request, route)
    if len(request.url.query) > _MAX_QUERY:
        raise Refusal(Problem(400, "the query is too long"))
    kind = request.headers.get("content-type", "")
    message = bind(route, found.variables, request.query_params.multi_items(), body, kind)
    is_taken = _take_if_match(message, request.headers.get("if-match", ""), is_new=route.verb == "POST")
    if not is_taken and route.verb != "GET":
        raise Refusal(Problem(400, "If-Match is not possible here: leave it out"))
    return message, emptied_by(route, message, body)


def _not_there(request: Request, verbs: tuple[str, ...]) -> Problem:
    if verbs:
        allow = {"Allow": ", ".join(verbs)}
        return Problem(405, f"{request.method[:16]} is not possible here, only {allow['Allow']}", headers=allow)
    return Problem(404, "there is nothing at this path; /openapi.json has all paths")


async def _body(request: Request, route: Route) -> bytes:
    """Without a rule for a body it is not read."""
    if not route.body:
        return b""
    body = await read_body(request, MAX_RAW_BODY if route.takes_raw else MAX_BODY)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and not route.takes_raw and kind != "application/json":
        raise Refusal(Problem(415, "the body must be application/json", headers={"Accept": "application/json"}))
    return body


def _take_if_match(message: Message, header: str, *, is_new: bool) -> bool:
    """If-Match names the version to be changed, as `etag` in a body does; "*" is any version there is.

    False if there is nowhere to put it: a condition that is not looked at may not be passed over (RFC 9110, 13.1.1).
    Of what `is_new` there is no version yet, though its body may have an `etag`.
    """
    etag = header.strip().removeprefix("W/").strip('"')
    if not etag or etag == "*":
        return True
    for holder in () if is_new else (message, *(value for _, value in message.ListFields())):
        if isinstance(holder, Message) and "etag" in holder.DESCRIPTOR.fields_by_name:
            setattr(holder, "etag", etag[:64])  # noqa: B010  a field of whichever message this is
            return True
    return False


def _problem(request: Request, problem: Problem) -> Response:
    if problem.status >= 500:
        _log.debug("request refused", path=request.url.path[:200], status=problem.status, reason=problem.detail)
    return problem_response(problem)


def _count(request: Request, response: Response, took_s: float) -> None:
    verb = request.method if request.method in {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE"} else "other"
    metrics.counter("headwater_api_requests_total", method=verb, code=str(response.status_code)).inc()
    metrics.histogram("headwater_api_request_duration_seconds", method=verb).observe(took_s)
