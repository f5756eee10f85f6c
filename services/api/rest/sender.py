"""Who sends a request, in a call's words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request

from services.api.credentials import CALLER_HEADERS
from services.api.rest.local_call import LocalContext
from services.common.proxies import FORWARDED_FOR
from services.common.rpc_call import REQUEST_ID_KEY, Context


@dataclass(frozen=True, slots=True)
class Sender:
    """What a call says of where it comes from; `peer` as gRPC writes it."""

    metadata: Mapping[str, str]
    peer: str

    @property
    def context(self) -> Context:
        """What guards ask before there is a call."""
        return cast("Context", LocalContext(self.metadata, self.peer))


def sender_of(request: Request, request_id: str, headers: Sequence[str] = CALLER_HEADERS) -> Sender:
    """`headers` are those of the request that become metadata."""
    shown = {name: request.headers[name] for name in headers if name in request.headers}
    if FORWARDED_FOR in request.headers:
        shown[FORWARDED_FOR] = ",".join(request.headers.getlist(FORWARDED_FOR))
    peer = f"http:{request.client.host}:{request.client.port}" if request.client else "http:unknown:0"
    return Sender({REQUEST_ID_KEY: request_id} | shown, peer)
