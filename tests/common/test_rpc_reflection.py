"""Strangers who keep reflection streams open, at a real server."""

from contextlib import AsyncExitStack
from typing import Any

import grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from services.common.health import Health
from services.common.rpc_reflection import MAX_STREAMS, ReflectionGuard
from services.common.rpc_server import RpcServer

_REQUEST = reflection_pb2.ServerReflectionRequest(list_services="")


async def test_streams_kept_open_are_few_and_leave_their_place() -> None:
    """One more is refused at once; when one goes, there is room again."""
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(RpcServer("127.0.0.1", 0, Health(), stop_grace_s=0))
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{server.port}"))
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        kept = [stub.ServerReflectionInfo() for _ in range(MAX_STREAMS)]
        for stream in kept:
            await stream.write(_REQUEST)
            assert await stream.read() is not grpc.aio.EOF
        one_more = stub.ServerReflectionInfo(iter((_REQUEST,)))
        assert await one_more.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

        await kept[0].done_writing()
        assert await kept[0].code() is grpc.StatusCode.OK
        (answer,) = [each async for each in stub.ServerReflectionInfo(iter((_REQUEST,)))]
        assert answer.list_services_response.service


async def test_stream_that_asks_nothing_is_ended() -> None:
    """After its time, in words; it held a place that every call needs."""
    server = grpc.aio.server(interceptors=[ReflectionGuard(held_s=0.1)])
    method: Any = grpc.stream_stream_rpc_method_handler(lambda requests, _context: requests)
    name = "grpc.reflection.v1alpha.ServerReflection"
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, {"ServerReflectionInfo": method}),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        silent = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo()
        assert await silent.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await server.stop(0)
