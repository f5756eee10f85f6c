"""gRPC calls made inside the process: the same servicers behind the same guards, without a network between."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NoReturn, cast

import grpc
from google.protobuf.message import Message

from services.common.rpc_call import Context, Guard

Behaviour = Callable[[Message, Context], Awaitable[Message]]


class LocalContext:
    """What guards and servicers ask of a call's context; errors leave as AppError and need no status."""

    def __init__(self, metadata: Mapping[str, str], peer: str) -> None:
        self._metadata = tuple(metadata.items())
        self._peer = peer

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return self._metadata

    def peer(self) -> str:
        return self._peer

    def time_remaining(self) -> float | None:
        return None

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing_metadata: object = ()) -> NoReturn:
        raise AssertionError(f"raise AppError instead of aborting with {code.name}: {details} {trailing_metadata}")


class LocalCalls:
    """Methods by name. `guards` are a gRPC server's, outermost first, less those that speak gRPC itself."""

    def __init__(self, guards: Sequence[Guard]) -> None:
        self._guards = guards
        self._behaviours: dict[str, Behaviour] = {}

    def add(self, service: str, servicer: object, methods: Sequence[str]) -> None:
        for name in methods:
            self._behaviours[f"/{service}/{name}"] = getattr(servicer, name)

    async def call(self, method: str, request: Message, *, metadata: Mapping[str, str], peer: str) -> Message:
        """The answer; AppError as the servicer or a guard raised it."""
        context = cast("Context", LocalContext(metadata, peer))
        async with AsyncExitStack() as stack:
            for guard in self._guards:
                await stack.enter_async_context(guard.around(method, context))
                await guard.check(method, request, context)
            return await self._behaviours[method](request, context)
