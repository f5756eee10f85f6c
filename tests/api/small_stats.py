"""A small honest stats: it deletes samples when it is told to, and knows nothing else, as if it were away."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.services_pb2 import DeleteSamplesRequest
from headwater.internal.v1.services_pb2_grpc import SampleServiceServicer, add_SampleServiceServicer_to_server


class SmallStats(SampleServiceServicer):
    """`deleted` says of which livestreams; while it `is_away` nothing is answered."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self.is_away = False
        self._server = grpc.server(ThreadPoolExecutor(1))
        add_SampleServiceServicer_to_server(self, self._server)
        self._server.add_generic_rpc_handlers((_Away(),))
        self.address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()

    def DeleteSamples(self, request: DeleteSamplesRequest, context: Any) -> Empty:  # noqa: N802  gRPC's
        if self.is_away:
            context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        self.deleted.append(request.livestream_id)
        return Empty()

    def close(self) -> None:
        self._server.stop(0).wait()


class _Away(grpc.GenericRpcHandler):
    """Every other question."""

    def service(self, _call: Any) -> "grpc.RpcMethodHandler[Any, Any]":
        return grpc.unary_unary_rpc_method_handler(
            lambda _request, context: context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        )
