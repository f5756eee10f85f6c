"""A real gRPC server and a real channel on a free port."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from structlog.contextvars import bound_contextvars, get_contextvars
from structlog.testing import capture_logs

from headwater.v1 import livestreams_pb2, livestreams_pb2_grpc, media_pb2
from services.common import metrics
from services.common.errors import AppError, Kind, Violation
from services.common.health import Health, Phase
from services.common.rpc_call import Context, Guard
from services.common.rpc_channel import ask, open_channel
from services.common.rpc_guards import ValidationGuard
from services.common.rpc_server import RpcServer
from services.common.rpc_status import unwrap
from services.common.settings_types import HostPort
from tests.servers.slow_road import slow_road

_SERVICE = "headwater.test.Echo"
Behaviour = Callable[[str], Any]


def _text(message: str) -> StringValue:
    return StringValue(value=message)


class _Echo:
    """Four methods, one of each shape; what `said` does with a text is the test's."""

    def __init__(self, said: Behaviour) -> None:
        self._said = said

    async def one(self, request: StringValue, _context: Context) -> StringValue:
        answer = self._said(request.value)
        return _text(await answer if asyncio.iscoroutine(answer) else answer)

    async def many(self, request: StringValue, _context: Context) -> AsyncIterator[StringValue]:
        for word in request.value.split():
            yield _text(self._said(word))

    async def joined(self, requests: AsyncIterator[StringValue], _context: Context) -> StringValue:
        return _text(" ".join([self._said(request.value) async for request in requests]))

    async def each(self, requests: AsyncIterator[StringValue], _context: Context) -> AsyncIterator[StringValue]:
        async for request in requests:
            yield _text(self._said(request.value))


def _register(echo: _Echo, server: Any) -> None:
    shape: dict[str, Any] = {
        "request_deserializer": StringValue.FromString,
        "response_serializer": StringValue.SerializeToString,
    }
    handlers: dict[str, Any] = {
        "One": grpc.unary_unary_rpc_method_handler(echo.one, **shape),
        "Many": grpc.unary_stream_rpc_method_handler(echo.many, **shape),
        "Joined": grpc.stream_unary_rpc_method_handler(echo.joined, **shape),
        "Each": grpc.stream_stream_rpc_method_handler(echo.each, **shape),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(_SERVICE, handlers),))


class _Stub:
    def __init__(self, channel: grpc.aio.Channel) -> None:
        shape: dict[str, Any] = {
            "request_serializer": StringValue.SerializeToString,
            "response_deserializer": StringValue.FromString,
        }
        self.one: Any = channel.unary_unary(f"/{_SERVICE}/One", **shape)
        self.many: Any = channel.unary_stream(f"/{_SERVICE}/Many", **shape)
        self.joined: Any = channel.stream_unary(f"/{_SERVICE}/Joined", **shape)
        self.each: Any = channel.stream_stream(f"/{_SERVICE}/Each", **shape)


@asynccontextmanager
async def _running(said: Behaviour = str, **options: Any) -> AsyncIterator[tuple[_Stub, Health, grpc.aio.Channel]]:
    health = Health(fresh_s=0)
    health.enter(Phase.RUNNING)
    server = RpcServer("127.0.0.1", 0, health, stop_grace_s=0, **options)
    server.add(_register, _Echo(said))
    async with server:
        channel = open_channel(HostPort("127.0.0.1", server.port))
        try:
            yield _Stub(channel), health, channel
        finally:
            await channel.close()


async def _refusal(call: Any) -> AppError:
    with pytest.raises(AppError) as refused:
        await ask(call)
    return refused.value


async def _stream_refusal(call: Any) -> AppError:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        async for _ in call:
            pass
    return unwrap(refused.value)


def _raise(error: Exception) -> Behaviour:
    def said(_text: str) -> str:
        raise error

    return said


async def test_calls_of_every_shape_come_through() -> None:
    """All four shapes of call work through all guards."""
    async with _running(str.upper) as (stub, _, _):
        assert (await ask(stub.one(_text("a")))).value == "A"
        assert [answer.value async for answer in stub.many(_text("a b"))] == ["A", "B"]
        assert (await stub.joined(iter((_text("a"), _text("b"))))).value == "A B"
        assert [answer.value async for answer in stub.each(iter((_text("a"), _text("b"))))] == ["A", "B"]


async def test_peer_that_is_slow_to_greet_is_waited_for() -> None:
    """As it is on a machine that has much to do, or far away: a connection may take longer than one tries again."""
    server = RpcServer("127.0.0.1", 0, Health(), stop_grace_s=0)
    server.add(_register, _Echo(str.upper))
    async with server, slow_road(server.port, first_byte_s=0.5) as port:
        channel = open_channel(HostPort("127.0.0.1", port))
        assert (await ask(_Stub(channel).one(_text("a")))).value == "A"
        await channel.close()


@pytest.mark.parametrize("kind", Kind)
async def test_app_error_crosses_intact(kind: Kind) -> None:
    """Kind, sentence, fields and the time to wait are the same on both sides."""
    sent = AppError(kind, "what is wrong", violations=[Violation("a.b", "too long")], retry_after_s=1.5)
    async with _running(_raise(sent)) as (stub, _, _):
        got = await _refusal(stub.one(_text("")))

    assert (got.kind, got.detail, got.violations, got.retry_after_s) == (
        kind,
        "what is wrong",
        (Violation("a.b", "too long"),),
        1.5,
    )


async def test_error_in_a_stream_crosses_too() -> None:
    """A stream that fails on its way ends with the same error."""
    async with _running(_raise(AppError(Kind.CONFLICT, "stale"))) as (stub, _, _):
        assert (await _stream_refusal(stub.many(_text("a")))).kind is Kind.CONFLICT
        assert (await _stream_refusal(stub.each(iter((_text("a"),))))).kind is Kind.CONFLICT


async def test_unknown_exception_is_a_bare_internal_and_logged() -> None:
    """The caller learns nothing of an unforeseen error; the log has it once."""
    with capture_logs() as lines:
        async with _running(_raise(ValueError("secret inside"))) as (stub, _, _):
            got = await _refusal(stub.one(_text("")))

    assert (got.kind, got.detail) == (Kind.INTERNAL, "internal error")
    (failed,) = [line for line in lines if line["log_level"] == "error"]
    assert (failed["event"], failed["method"]) == ("call failed", f"/{_SERVICE}/One")
    assert failed["exc_info"]


async def test_peer_that_is_away_is_unavailable_without_naming_it() -> None:
    """A refused connection becomes UNAVAILABLE and tells no address."""
    channel = open_channel(HostPort("127.0.0.1", 1), deadline_s=5)
    got = await _refusal(_Stub(channel).one(_text("")))
    await channel.close()

    assert got.kind is Kind.UNAVAILABLE
    assert "127.0.0.1" not in got.detail


async def test_call_has_a_deadline_on_both_sides() -> None:
    """A servicer that hangs is cut off by the server's limit, or earlier by the caller's."""

    async def hang(_text: str) -> str:
        await asyncio.Event().wait()
        return ""

    async with _running(hang, deadline_s=0.05) as (stub, _, _):
        cut = await _refusal(stub.one(_text("")))
    async with _running(hang) as (stub, _, _):
        gave_up = await _refusal(stub.one(_text(""), timeout=0.05))

    assert (cut.kind, gave_up.kind) == (Kind.UNAVAILABLE, Kind.UNAVAILABLE)
    assert cut.detail == "no answer within 0.05 s"


async def test_guards_of_a_program_refuse_by_app_error() -> None:
    """An authentication guard just raises, and the servicer is not reached."""
    reached: list[str] = []

    class Door(Guard):
        @asynccontextmanager
        async def around(self, method: str, context: Context) -> AsyncIterator[None]:
            del method, context
            raise AppError(Kind.UNAUTHENTICATED, "a token is needed")
            yield

    async with _running(reached.append, guards=[Door()]) as (stub, _, channel):
        got = await _refusal(stub.one(_text("")))
        health = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())

    assert got.kind is Kind.UNAUTHENTICATED
    assert reached == []
    assert health.status == health_pb2.HealthCheckResponse.SERVING


def _register_create(_servicer: object, server: Any) -> None:
    async def create(request: livestreams_pb2.CreateLivestreamRequest, _context: Context) -> livestreams_pb2.Livestream:
        return livestreams_pb2.Livestream(name=request.livestream.name)

    handler: Any = grpc.unary_unary_rpc_method_handler(
        create,
        livestreams_pb2.CreateLivestreamRequest.FromString,
        livestreams_pb2.Livestream.SerializeToString,
    )
    service = grpc.method_handlers_generic_handler("headwater.v1.LivestreamService", {"CreateLivestream": handler})
    server.add_generic_rpc_handlers((service,))


async def test_request_that_breaks_its_rules_names_every_field() -> None:
    """protovalidate's rules hold before the servicer is asked; fields are spelled as REST spells them."""
    server = RpcServer("127.0.0.1", 0, Health(), stop_grace_s=0)
    server.add(_register_create, None)
    async with server:
        channel = open_channel(HostPort("127.0.0.1", server.port))
        stub = livestreams_pb2_grpc.LivestreamServiceStub(channel)
        bad = livestreams_pb2.Livestream(name="x" * 300, metadata={"": "y"})
        got = await _refusal(stub.CreateLivestream(livestreams_pb2.CreateLivestreamRequest(livestream=bad)))
        good = await ask(
            stub.CreateLivestream(
                livestreams_pb2.CreateLivestreamRequest(livestream=livestreams_pb2.Livestream(name="mine"))
            )
        )
        await channel.close()

    assert got.kind is Kind.INVALID
    assert [violation.field for violation in got.violations] == ["livestream.name", 'livestream.metadata[""]']
    assert good.name == "mine"


async def test_what_was_left_away_is_called_required() -> None:
    """An enum at 0, and not "must not be in list [0]"."""
    request = media_pb2.CreateDownloadRequest(media_id="a" * 32)
    context: Any = None  # not looked at
    with pytest.raises(AppError, match="format: value is required"):
        await ValidationGuard().check("", request, context)


async def test_request_id_is_passed_on_and_counted_by_method() -> None:
    """The caller's request id is bound while the servicer works, and the call is counted."""

    def request_id(_text: str) -> str:
        return str(get_contextvars()["request_id"])

    counted = metrics.counter("headwater_rpc_calls_total", method=f"/{_SERVICE}/One", code="OK")
    before = counted.value
    async with _running(request_id) as (stub, _, _):
        with bound_contextvars(request_id="from-rest-1"):
            assert (await ask(stub.one(_text("")))).value == "from-rest-1"
        forged = await stub.one(_text(""), metadata=(("x-request-id", "two words"),))

    assert len(forged.value) == 32
    assert counted.value == before + 2


async def test_health_follows_readiness() -> None:
    """gRPC health answers what /readyz does, for each service and for the whole, and tells changes."""
    async with _running() as (_, health, channel):
        stub = health_pb2_grpc.HealthStub(channel)
        request = health_pb2.HealthCheckRequest(service=_SERVICE)
        watch = stub.Watch(request)
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.SERVING
        health.enter(Phase.DRAINING)
        assert (await stub.Check(request)).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert (await asyncio.wait_for(watch.read(), 10)).status == health_pb2.HealthCheckResponse.NOT_SERVING
        with pytest.raises(grpc.aio.AioRpcError) as unknown:
            await stub.Check(health_pb2.HealthCheckRequest(service="no.such"))
        watch.cancel()

    assert unknown.value.code() is grpc.StatusCode.NOT_FOUND


async def test_reflection_lists_the_services() -> None:
    """A stranger's tool finds out what there is to call."""
    async with _running() as (_, _, channel):
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        request = reflection_pb2.ServerReflectionRequest(list_services="")
        (answer,) = [each async for each in stub.ServerReflectionInfo(iter((request,)))]

    names = {service.name for service in answer.list_services_response.service}
    assert {_SERVICE, "grpc.health.v1.Health"} <= names


async def test_bytes_that_are_no_message_are_the_callers_fault() -> None:
    """One message or a stream of them: refused in words, and nothing is logged as a fault of ours."""
    async with _running() as (_, _, channel):
        one: Any = channel.unary_unary(f"/{_SERVICE}/One")
        each: Any = channel.stream_stream(f"/{_SERVICE}/Each")
        with capture_logs() as logged:
            refusals = [await _refusal(one(b"\xff\xff")), await _stream_refusal(each(iter((b"\xff\xff",))))]

    assert [refused.kind for refused in refusals] == [Kind.INVALID, Kind.INVALID]
    assert [line for line in logged if line["log_level"] == "error"] == []


async def test_drain_lets_calls_in_hand_finish() -> None:
    """A draining server refuses what is new and answers what it has."""
    entered, leave = asyncio.Event(), asyncio.Event()

    async def wait(text: str) -> str:
        entered.set()
        await leave.wait()
        return text

    server = RpcServer("127.0.0.1", 0, Health())
    server.add(_register, _Echo(wait))
    async with server, asyncio.timeout(20):
        channel = open_channel(HostPort("127.0.0.1", server.port))
        async with asyncio.TaskGroup() as tasks:
            call = tasks.create_task(ask(_Stub(channel).one(_text("late"))))
            await entered.wait()
            drained = tasks.create_task(server.drain(10))
            await asyncio.sleep(0)
            leave.set()
        await channel.close()

    assert call.result().value == "late"
    assert drained.done()


async def test_taken_port_is_told_with_its_setting() -> None:
    """A gRPC port that is taken is an error in words."""
    async with RpcServer("127.0.0.1", 0, Health(), stop_grace_s=0) as first:
        with pytest.raises(AppError, match="HEADWATER_GRPC_PORT"):
            async with RpcServer("127.0.0.1", first.port, Health(), stop_grace_s=0):
                pass
