"""Reflection is for anybody, and so its streams are few and short: strangers take no other call's place with them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc

from services.common.rpc_call import Context, Handler

MAX_STREAMS = 32
HELD_S = 10.0
"""Tools ask what they want at once and close."""


class ReflectionGuard(grpc.aio.ServerInterceptor):
    """Bounds reflection's streams in number and time (seconds)."""

    def __init__(self, held_s: float = HELD_S) -> None:
        self._held_s = held_s
        self._open = 0

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Handler]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Handler:
        handler = await continuation(handler_call_details)
        if handler is None or not handler_call_details.method.startswith("/grpc.reflection."):
            return handler

        async def bounded(requests: AsyncIterator[Any], context: Context) -> AsyncIterator[Any]:
            if self._open >= MAX_STREAMS:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many ask for reflection already")
            self._open += 1
            try:
                async with asyncio.timeout(self._held_s):
                    async for answer in handler.stream_stream(requests, context):
                        yield answer
            except TimeoutError:
                await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "a reflection stream may not be kept open")
            finally:
                self._open -= 1

        return grpc.stream_stream_rpc_method_handler(bounded, handler.request_deserializer, handler.response_serializer)
