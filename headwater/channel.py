"""What the generated stubs call through: a gRPC channel on which each call has a deadline, the token and a request id,
and fails with one of our errors.

gRPC itself repeats calls that change nothing (GET in REST) when nobody answers or a part is away.
"""

import json
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, cast

import grpc
from google.api import annotations_pb2
from google.protobuf.descriptor import ServiceDescriptor
from grpc import aio

from headwater.address import GrpcAddress, grpc_address
from headwater.refusals import error_of
from headwater.v1 import (
    broadcasts_pb2,
    livestreams_pb2,
    media_pb2,
    outputs_pb2,
    sessions_pb2,
    signing_keys_pb2,
    statistics_pb2,
    tenants_pb2,
    tokens_pb2,
    webhooks_pb2,
)

_MODULES = (
    broadcasts_pb2,
    livestreams_pb2,
    media_pb2,
    outputs_pb2,
    sessions_pb2,
    signing_keys_pb2,
    statistics_pb2,
    tenants_pb2,
    tokens_pb2,
    webhooks_pb2,
)
_RETRIES = {
    "maxAttempts": 5,  # gRPC takes no more
    "initialBackoff": "0.2s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}
_MAX_ANSWER_BYTES = 64 << 20


@dataclass(frozen=True)
class Terms:
    """How calls are made."""

    url: str
    token: str
    tenant: str
    deadline_s: float
    """Seconds that a call may take, repetitions included."""
    root_certificates: bytes | None
    """PEM; None: those of the system."""

    @property
    def address(self) -> GrpcAddress:
        return grpc_address(self.url)

    def metadata(self, request_id: str) -> tuple[tuple[str, str], ...]:
        tenant = (("x-headwater-tenant", self.tenant),) if self.tenant else ()
        return (("authorization", f"Bearer {self.token}"), ("x-request-id", request_id), *tenant)


class SyncChannel:
    """Waits for each answer."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.inner = _open(terms, grpc.insecure_channel, grpc.secure_channel)

    def unary_unary(self, method: str, **coders: Any) -> Callable[..., Any]:
        """One RPC as a stub asks for it."""
        call, terms = self.inner.unary_unary(method, **coders), self._terms

        def ask(request: Any, timeout: float | None = None) -> Any:
            request_id = uuid.uuid4().hex
            try:
                return call(request, timeout=timeout or terms.deadline_s, metadata=terms.metadata(request_id))
            except grpc.RpcError as error:
                raise error_of(cast("Any", error), terms.address.target, request_id) from None

        return ask


class AsyncChannel:
    """Answers are awaited."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.inner = _open(terms, aio.insecure_channel, aio.secure_channel)

    def unary_unary(self, method: str, **coders: Any) -> Callable[..., Awaitable[Any]]:
        """One RPC as a stub asks for it."""
        call, terms = self.inner.unary_unary(method, **coders), self._terms

        async def ask(request: Any, timeout: float | None = None) -> Any:  # noqa: ASYNC109  gRPC's own deadline
            request_id = uuid.uuid4().hex
            try:
                return await call(request, timeout=timeout or terms.deadline_s, metadata=terms.metadata(request_id))
            except aio.AioRpcError as error:
                raise error_of(error, terms.address.target, request_id) from None

        return ask


def _open(terms: Terms, insecure: Callable[..., Any], secure: Callable[..., Any]) -> Any:
    options = [
        ("grpc.service_config", _service_config()),
        ("grpc.max_receive_message_length", _MAX_ANSWER_BYTES),
        ("grpc.initial_reconnect_backoff_ms", 100),
        # In truth how long TCP, TLS and a greeting may take; who is not there refuses at once.
        ("grpc.min_reconnect_backoff_ms", 10_000),
        ("grpc.max_reconnect_backoff_ms", 1_000),
    ]
    address = terms.address
    if not address.is_secure:
        return insecure(address.target, options=options)
    return secure(address.target, grpc.ssl_channel_credentials(terms.root_certificates), options=options)


def _service_config() -> str:
    """Which calls gRPC repeats, as its service config (gRFC A6)."""
    services = [service for module in _MODULES for service in module.DESCRIPTOR.services_by_name.values()]
    names = [{"service": each.full_name, "method": name} for each in services for name in _safe(each)]
    return json.dumps({"methodConfig": [{"name": names, "retryPolicy": _RETRIES}]})


def _safe(service: ServiceDescriptor) -> Iterable[str]:
    return (rpc.name for rpc in service.methods if rpc.GetOptions().Extensions[annotations_pb2.http].get)
