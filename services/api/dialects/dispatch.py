"""From a request to the dialect and the endpoint that answer it."""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import orjson
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from headwater.v1.livestreams_pb2 import GetLivestreamRequest, UpdateLivestreamRequest
from services.api.caller import Caller
from services.api.credentials import APP_KEY, CREDENTIAL_HEADERS, TENANT_KEY
from services.api.dialects.endpoint import Answer, Dialect, Endpoint, Exchange, Handler, M
from services.api.dialects.reference import reference_document
from services.api.insisting import insist, is_stale
from services.api.rest.body import read_body
from services.api.rest.gateway import Admitting
from services.api.rest.idempotency import HEADER, Idempotency, Order
from services.api.rest.local_call import LocalCalls
from services.api.rest.problem import Problem, problem_of
from services.api.rest.refusal import Refusal
from services.api.rest.sender import Sender, sender_of
from services.api.rest.template import Template, compile_template
from services.common.errors import AppError, Kind, Violation
from services.common.log import get_logger

MAX_DEPTH = 32
"""Of objects and lists in one another: what is free JSON is written again, and writers give up at some depth."""

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
_ENVELOPES = re.compile(r"^(livestream|output|webhook|media|app)\.")
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Row:
    template: Template
    endpoint: Endpoint


@dataclass(frozen=True)
class _Native:
    """The native services as one caller."""

    calls: LocalCalls
    methods: Mapping[str, str]
    sender: Sender

    async def ask(self, request: Message, answer: type[M]) -> M:
        method = self.methods[request.DESCRIPTOR.full_name]
        found = await self.calls.call(method, request, metadata=self.sender.metadata, peer=self.sender.peer)
        if not isinstance(found, answer):
            raise TypeError(f"{method} answers with {type(found).__name__}")
        return found


class Dialects:
    """All dialects of an api."""

    def __init__(
        self,
        dialects: Iterable[Dialect],
        calls: LocalCalls,
        services: Iterable[ServiceDescriptor],
        access: Admitting,
        idempotency: Idempotency,
    ) -> None:
        self._calls = calls
        self._access = access
        self._idempotency = idempotency
        self._methods = {
            method.input_type.full_name: f"/{service.full_name}/{method.name}"
            for service in services
            for method in service.methods
        }
        self._dialects = tuple(dialects)
        self._bases = {dialect.name: _beginning(dialect) for dialect in self._dialects}
        self._rows = {dialect.name: _rows(dialect) for dialect in self._dialects}
        self._references = {f"/{dialect.name}/openapi.json": dialect for dialect in self._dialects}

    def __iter__(self) -> Iterator[Dialect]:
        return iter(self._dialects)

    async def answer(self, request: Request, request_id: str) -> Response | None:
        """None for a path that is no dialect's."""
        path = request.scope["path"]
        if path in self._references and request.method in {"GET", "HEAD"}:
            return Response(_reference(self._references[path]), media_type="application/json", headers=_HEADERS)
        spoken = [dialect for dialect in self._dialects if self._bases[dialect.name].fullmatch(path)]
        if not spoken:
            return None
        return await self._speak(spoken, request, request_id)

    async def _speak(self, spoken: list[Dialect], request: Request, request_id: str) -> Response:
        """Two dialects may share the beginning of their paths; the one that knows the rest answers."""
        path = request.scope["path"].rstrip("/") or "/"
        verb = "GET" if request.method == "HEAD" else request.method
        known: set[str] = set()
        for dialect in spoken:
            for row in self._rows[dialect.name]:
                variables = row.template.match(path)
                if variables is None:
                    continue
                if row.endpoint.verb == verb:
                    work = partial(self._call, dialect, row.endpoint, variables, request, request_id)
                    return await _guarded(dialect, request_id, work)
                known.add(row.endpoint.verb)
        allow = ", ".join(sorted(known))
        problem = (
            Problem(405, f"{request.method[:16]} is not possible here, only {allow}", headers={"Allow": allow})
            if known
            else Problem(404, f"there is nothing at this path; /{spoken[0].name}/openapi.json has all paths")
        )
        return _refusal(spoken[0], problem, request_id)

    async def _call(
        self, dialect: Dialect, endpoint: Endpoint, variables: dict[str, str], request: Request, request_id: str
    ) -> Response:
        sender = _sender(dialect, variables, request, request_id)
        native = _Native(self._calls, self._methods, sender)
        who: Caller | None = None
        if not endpoint.is_public:  # before a byte of the body is kept, and before anybody is told what there is
            who = await self._access.admit(self._asked_of_callers(endpoint), sender.context)
        if endpoint.handle is None:
            raise Refusal(Problem(501, endpoint.absent.value if endpoint.absent else "not implemented"))
        raw = await read_body(request, endpoint.max_body) if endpoint.has_body else b""
        content = {} if endpoint.takes_raw or endpoint.body is None else _parse(raw)
        query = _query(request)
        exchange = Exchange(
            native=native,
            variables=variables,
            query=_check(endpoint.query, query, "query"),
            body=None if endpoint.takes_raw else _check(endpoint.body, content, ""),
            raw=raw,
            content_type=request.headers.get("content-type", ""),
            request_id=request_id,
            fields=frozenset(content),
        )
        work = partial(insist, partial(_carried_out, endpoint.handle, exchange), is_stale)
        key = request.headers.get(HEADER)
        if key is None or who is None or endpoint.verb == "GET":
            return await work()
        said = _said(who, variables, query, raw if endpoint.takes_raw else content)
        order = Order(key, who.tenant_id, f"{dialect.name} {endpoint.verb} {endpoint.path}", said)
        return await self._idempotency.once(order, lambda: _guarded(dialect, request_id, work))

    def _asked_of_callers(self, endpoint: Endpoint) -> str:
        """A method that asks of callers what the endpoint's own do at least: only who may write may change things."""
        kind = GetLivestreamRequest if endpoint.verb == "GET" else UpdateLivestreamRequest
        return self._methods[kind.DESCRIPTOR.full_name]


async def _carried_out(handle: Handler, exchange: Exchange) -> Response:
    return _response(await handle(exchange))


async def _guarded(dialect: Dialect, request_id: str, work: Callable[[], Awaitable[Response]]) -> Response:
    """What `work` answers, or its error in the dialect's envelope."""
    try:
        return await work()
    except Refusal as refusal:
        return _refusal(dialect, refusal.problem, request_id)
    except AppError as error:
        return _refusal(dialect, _told(error), request_id)
    except NotImplementedError:
        return _refusal(dialect, Problem(501, "Headwater does not serve this yet; it comes later"), request_id)
    except ClientDisconnect:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is, its words stay here
        _log.exception("request failed", dialect=dialect.name, error=type(error).__name__)
        return _refusal(dialect, Problem(500, "internal error"), request_id)


def _said(who: Caller, variables: Mapping[str, str], query: dict[str, Any], body: bytes | dict[str, Any]) -> bytes:
    """All that an order says, however its JSON is laid out. Nobody is told again what only another's scope may see."""
    raw, content = (body, {}) if isinstance(body, bytes) else (b"", body)
    told = [who.scope, who.app_id, dict(variables), query, content]
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS) + b"\0" + raw


@cache
def _reference(dialect: Dialect) -> bytes:
    """Made when it is first asked for: it takes a while, and few ask."""
    return orjson.dumps(reference_document(dialect))


def _told(error: AppError) -> Problem:
    """Some products' own clients try again on every 409; where the state is wrong that leads nowhere."""
    problem = _in_its_words(problem_of(error))
    if error.kind is not Kind.FAILED_PRECONDITION:
        return problem
    return replace(problem, headers={**problem.headers, "x-should-retry": "false"})


def _in_its_words(problem: Problem) -> Problem:
    """What a native request has its object in stands in no product's body."""
    errors = tuple((_ENVELOPES.sub("", name), detail) for name, detail in problem.errors)
    is_named = any(problem.detail.startswith(name) for name, _ in problem.errors if name)
    return replace(problem, errors=errors, detail=_ENVELOPES.sub("", problem.detail) if is_named else problem.detail)


def _rows(dialect: Dialect) -> tuple[_Row, ...]:
    """Paths without variables first: `/sessions/x` is not a livestream called "sessions"."""
    rows = [
        _Row(compile_template((base + endpoint.path).rstrip("/")), endpoint)
        for base in dialect.bases
        for endpoint in dialect.endpoints
    ]
    return tuple(sorted(rows, key=lambda row: len(row.template.fields)))


def _beginning(dialect: Dialect) -> re.Pattern[str]:
    """Matches every path below one of its bases."""
    return re.compile("|".join(f"(?:{compile_template(base).pattern.pattern})(?:/.*)?" for base in dialect.bases))


def _parse(raw: bytes) -> dict[str, Any]:
    """An empty body is `{}`."""
    if not raw.strip():
        return {}
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise AppError(Kind.INVALID, f"the body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise AppError(Kind.INVALID, "the body must be a JSON object")
    if _is_deeper(found, MAX_DEPTH):
        raise AppError(Kind.INVALID, "the body is nested too deeply")
    return found


def _is_deeper(value: Any, depth: int) -> bool:
    within = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return any(depth == 0 or _is_deeper(each, depth - 1) for each in within)


def _query(request: Request) -> dict[str, Any]:
    """Names that come several times are lists."""
    found: dict[str, Any] = {}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        found[name] = values[0] if len(values) == 1 else values
    return found


def _check(model: type[BaseModel] | None, content: dict[str, Any], where: str) -> BaseModel | None:
    if model is None:
        return None
    try:
        return model.model_validate(content)
    except ValidationError as error:
        wrong = [
            Violation(".".join([*([where] if where else []), *(str(part) for part in each["loc"])]), each["msg"])
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        ]
        raise AppError(Kind.INVALID, f"{wrong[0].field}: {wrong[0].detail}", violations=wrong) from None


def _sender(dialect: Dialect, variables: Mapping[str, str], request: Request, request_id: str) -> Sender:
    """Tenant and app are those that the path names; the access guard says whether the caller may act there."""
    found = sender_of(request, request_id, CREDENTIAL_HEADERS)
    named = {TENANT_KEY: dialect.tenant, APP_KEY: dialect.app}
    placed = {key: variables[name] for key, name in named.items() if name in variables}
    return replace(found, metadata={**found.metadata, **placed})


def _refusal(dialect: Dialect, problem: Problem, request_id: str) -> Response:
    response = _response(dialect.refuse(problem, request_id))
    for name, value in problem.headers.items():
        response.headers[name] = value
    return response


def _response(answer: Answer) -> Response:
    content = answer.content if isinstance(answer.content, bytes) else orjson.dumps(answer.content)
    headers = _HEADERS | dict(answer.headers)
    return Response(content, answer.status, media_type=answer.media_type, headers=headers)
