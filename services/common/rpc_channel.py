"""The calling side of gRPC: channels that find a restarted peer at once, default deadlines, errors as `AppError`."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import grpc

from services.common.ids import new_id
from services.common.log_library import get_contextvars
from services.common.rpc_call import REQUEST_ID_KEY
from services.common.rpc_status import unwrap
from services.common.rpc_tracing import client_interceptors
from services.common.settings_types import HostPort

T = TypeVar("T")

_OPTIONS = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 5_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # In truth how long a peer has to greet: who has much to do is waited for, who is not there refuses at once.
    ("grpc.min_reconnect_backoff_ms", 2_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.max_receive_message_length", 16 << 20),
)


def open_channel(address: HostPort, *, deadline_s: float = 10.0) -> grpc.aio.Channel:
    """A channel to another program of ours; it connects when first used, and `await channel.close()` ends it.

    A call with one answer has `deadline_s` seconds unless it says otherwise; streams have no deadline of their own.
    """
    interceptors = [*client_interceptors(), _Caller(deadline_s)]
    return grpc.aio.insecure_channel(str(address), options=_OPTIONS, interceptors=interceptors)


async def ask(call: Awaitable[T]) -> T:
    """Await a stub's call; AppError says why it failed.

    `media = await ask(stub.GetMedia(request))`
    """
    try:
        return await call
    except grpc.aio.AioRpcError as error:
        raise unwrap(error) from error


class _Caller(grpc.aio.UnaryUnaryClientInterceptor):
    """Passes the request id on and sets the deadline."""

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> Any:
        metadata = grpc.aio.Metadata(*(client_call_details.metadata or ()))
        if not any(key == REQUEST_ID_KEY for key, _ in metadata):
            metadata.add(REQUEST_ID_KEY, str(get_contextvars().get("request_id") or new_id()))
        timeout = client_call_details.timeout
        details = grpc.aio.ClientCallDetails(
            method=client_call_details.method,
            timeout=self._deadline_s if timeout is None else timeout,
            metadata=metadata,
            credentials=client_call_details.credentials,
            wait_for_ready=client_call_details.wait_for_ready,
        )
        return await continuation(details, request)
