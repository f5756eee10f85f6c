"""Spans around gRPC calls, in a process that keeps traces; nothing at all in one that does not."""

import grpc

from services.common import telemetry


def server_interceptors() -> list[grpc.aio.ServerInterceptor]:
    """What goes outermost into a server."""
    if not telemetry.is_on():
        return []
    from opentelemetry.instrumentation.grpc import aio_server_interceptor  # noqa: PLC0415  costs every start 0.2 s

    return [aio_server_interceptor()]  # type: ignore[no-untyped-call]  # the package has no types


def client_interceptors() -> list[grpc.aio.ClientInterceptor]:
    """What goes outermost into a channel."""
    if not telemetry.is_on():
        return []
    from opentelemetry.instrumentation.grpc import aio_client_interceptors  # noqa: PLC0415  costs every start 0.2 s

    return list(aio_client_interceptors())  # type: ignore[no-untyped-call]  # the package has no types
