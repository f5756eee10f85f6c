"""A gRPC server with all that each of ours has: guards, health, reflection, limits and an orderly end."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from services.common.errors import AppError, Kind
from services.common.health import Health
from services.common.rpc_guards import DeadlineGuard, ErrorGuard, LogGuard, ValidationGuard
from services.common.rpc_health import HealthServicer
from services.common.rpc_reflection import ReflectionGuard
from services.common.rpc_tracing import server_interceptors

MAX_MESSAGE = 4 << 20
"""Bytes of a message that comes in, unless a server says otherwise."""

_MAX_CALLS = 1000
_OPTIONS = (
    ("grpc.so_reuseport", 0),  # two programs on one port would share its calls silently
    ("grpc.max_metadata_size", 16 << 10),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)


class RpcServer:
    """Add servicers, then `async with` it: it answers inside the block.

    `guards` are the program's own (authentication); they stand before validation and may raise AppError.
    """

    def __init__(
        self,
        host: str,
        port: int,
        health: Health,
        *,
        guards: Iterable[grpc.aio.ServerInterceptor] = (),
        deadline_s: float = 30.0,
        stop_grace_s: float = 1.0,
        max_message: int = MAX_MESSAGE,
    ) -> None:
        self._address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._stop_grace_s = stop_grace_s
        self._services: list[str] = []
        self.port = port
        """The port it listens on, once it is open; also where 0 was asked for."""
        own = (LogGuard(), ErrorGuard(), DeadlineGuard(deadline_s), *guards, ValidationGuard())
        self._server = grpc.aio.server(
            interceptors=[ReflectionGuard(), *server_interceptors(), *own],
            options=[*_OPTIONS, ("grpc.max_receive_message_length", max_message)],
            maximum_concurrent_rpcs=_MAX_CALLS,
        )
        self._health = HealthServicer(health, self._services)

    def add(self, register: Callable[[Any, Any], None], servicer: object) -> None:
        """Offer a service: `server.add(add_MediaServiceServicer_to_server, MediaServicer(...))`."""
        register(servicer, _NameRecorder(self._server, self._services))

    async def __aenter__(self) -> Self:
        """Start to answer; AppError(FAILED_PRECONDITION) where the port is taken."""
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        names = (*self._services, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(names, self._server)
        try:
            self.port = self._server.add_insecure_port(self._address)
        except RuntimeError as error:
            detail = f"cannot listen on {self._address} for gRPC; set HEADWATER_GRPC_PORT to move it"
            raise AppError(Kind.FAILED_PRECONDITION, detail) from error
        await self._server.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._server.stop(self._stop_grace_s)

    async def drain(self, grace_s: float) -> None:
        """Refuse new calls and return when those in hand are answered, or after `grace_s` seconds."""
        await self._server.stop(grace_s)


class _NameRecorder:
    """Stands in for the server while a servicer is added, to learn the service's name for health and reflection."""

    def __init__(self, server: grpc.aio.Server, names: list[str]) -> None:
        self._server = server
        self._names = names

    def add_generic_rpc_handlers(self, handlers: Iterable[Any]) -> None:
        handlers = tuple(handlers)
        self._names += [handler.service_name() for handler in handlers]
        self._server.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service_name: str, method_handlers: Any) -> None:
        self._server.add_registered_method_handlers(service_name, method_handlers)
