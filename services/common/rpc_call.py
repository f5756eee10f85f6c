"""A guard around every call of a gRPC server, whatever its shape: the base of our interceptors."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, ClassVar

import grpc
from google.protobuf.message import DecodeError

Context = grpc.aio.ServicerContext[Any, Any]
Handler = Any  # grpc.RpcMethodHandler, whose stub knows only the blocking server

REQUEST_ID_KEY = "x-request-id"

EXEMPT = ("/grpc.health.", "/grpc.reflection.")
"""What anybody may ask."""


UNREADABLE = object()
"""What stands for a request whose bytes are no message."""


class Guard(grpc.aio.ServerInterceptor):
    """Override one or both; health and reflection pass untouched."""

    unary_only: ClassVar[bool] = False
    """Leave calls that answer with a stream alone."""

    takes_unreadable: ClassVar[bool] = False
    """Whether bytes that are no message come to `check` as UNREADABLE; else the library ends the call as our fault."""

    @asynccontextmanager
    async def around(self, method: str, context: Context) -> AsyncIterator[None]:
        """Entered before the call and left after it, or by its exception."""
        del method, context
        yield

    async def check(self, method: str, message: Any, context: Context) -> None:
        """Sees every message that comes in before the servicer does; raises AppError to refuse it."""
        del method, message, context

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        method: str = handler_call_details.method
        passes = handler is None or method.startswith(EXEMPT) or (self.unary_only and handler.response_streaming)
        if passes:
            return handler
        rebuilt = _rebuild(handler, _Call(self, method))
        if self.takes_unreadable:
            rebuilt = rebuilt._replace(request_deserializer=_tolerant(rebuilt.request_deserializer))
        return rebuilt


class _Call:
    """One method's call as a guard sees it."""

    def __init__(self, guard: Guard, method: str) -> None:
        self._guard = guard
        self._method = method

    def scope(self, context: Context) -> AbstractAsyncContextManager[None]:
        return self._guard.around(self._method, context)

    async def admit(self, request: Any, context: Context) -> Any:
        """The request after the check; a stream is checked message by message."""
        if hasattr(request, "__aiter__"):
            return self._each(request, context)
        await self._guard.check(self._method, request, context)
        return request

    async def _each(self, messages: AsyncIterator[Any], context: Context) -> AsyncIterator[Any]:
        async for message in messages:
            await self._guard.check(self._method, message, context)
            yield message


def _tolerant(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def reading(data: bytes) -> Any:
        try:
            return read(data)
        except DecodeError:
            return UNREADABLE

    return reading


def _rebuild(handler: Handler, call: _Call) -> Handler:
    if handler.response_streaming:
        return _rebuild_streaming(handler, call)
    behaviour = handler.stream_unary if handler.request_streaming else handler.unary_unary

    async def guarded(request: Any, context: Context) -> Any:
        async with call.scope(context):
            return await behaviour(await call.admit(request, context), context)

    make = grpc.stream_unary_rpc_method_handler if handler.request_streaming else grpc.unary_unary_rpc_method_handler
    return make(guarded, handler.request_deserializer, handler.response_serializer)


def _rebuild_streaming(handler: Handler, call: _Call) -> Handler:
    behaviour = handler.stream_stream if handler.request_streaming else handler.unary_stream

    async def guarded(request: Any, context: Context) -> AsyncIterator[Any]:
        async with call.scope(context):
            async for answer in behaviour(await call.admit(request, context), context):
                yield answer

    make = grpc.stream_stream_rpc_method_handler if handler.request_streaming else grpc.unary_stream_rpc_method_handler
    return make(guarded, handler.request_deserializer, handler.response_serializer)
