"""A gRPC server that is away for its first calls, by TLS if it has a certificate."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import grpc

from headwater.v1.livestreams_pb2 import GetLivestreamRequest, IdleLivestreamRequest, Livestream


@dataclass
class FlakyApi:
    """Answers once it was asked more than `refusals` times; every call's metadata is kept."""

    refusals: int = 0
    slow_s: float = 0.0
    port: int = 0
    seen: list[dict[str, str]] = field(default_factory=list)

    def answer(self, request: Any, context: Any) -> Livestream:
        self.seen.append({key: value for key, value in context.invocation_metadata() if isinstance(value, str)})
        deadline = time.monotonic() + self.slow_s
        while context.is_active() and time.monotonic() < deadline:
            time.sleep(0.01)
        if len(self.seen) <= self.refusals:
            context.abort(grpc.StatusCode.UNAVAILABLE, "later")
        return Livestream(id=request.id)


@contextmanager
def flaky_api(
    *, refusals: int = 0, slow_s: float = 0.0, certificate: tuple[bytes, bytes] | None = None
) -> Iterator[FlakyApi]:
    """`certificate`: the private key and the chain, PEM."""
    servicer = FlakyApi(refusals, slow_s)
    server = grpc.server(ThreadPoolExecutor(2))
    calls = {
        name: grpc.unary_unary_rpc_method_handler(servicer.answer, request.FromString, Livestream.SerializeToString)
        for name, request in (("GetLivestream", GetLivestreamRequest), ("IdleLivestream", IdleLivestreamRequest))
    }
    handler = grpc.method_handlers_generic_handler("headwater.v1.LivestreamService", calls)
    server.add_generic_rpc_handlers((handler,))
    if certificate is None:
        servicer.port = server.add_insecure_port("127.0.0.1:0")
    else:
        servicer.port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([certificate]))
    server.start()
    try:
        yield servicer
    finally:
        server.stop(None).wait()
