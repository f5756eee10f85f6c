"""Samples as api orders about them: they go with their livestream. Stats keeps them."""

from typing import TYPE_CHECKING, Protocol

from headwater.internal.v1.services_pb2 import DeleteSamplesRequest
from services.common.rpc_channel import ask

if TYPE_CHECKING:  # the name stands in the stub file alone
    from headwater.internal.v1.services_pb2_grpc import SampleServiceAsyncStub

_DELETE_S = 10.0
"""A year of samples is a hundred requests to the store. What is not done by then the next order goes on with."""


class Samples(Protocol):
    """Stats' orders, as far as api gives them. Errors: AppError, UNAVAILABLE if it is away."""

    async def delete(self, livestream: str) -> None: ...


class RemoteSamples:
    """Stats over gRPC."""

    def __init__(self, stub: "SampleServiceAsyncStub") -> None:
        self._stub = stub

    async def delete(self, livestream: str) -> None:
        await ask(self._stub.DeleteSamples(DeleteSamplesRequest(livestream_id=livestream), timeout=_DELETE_S))
