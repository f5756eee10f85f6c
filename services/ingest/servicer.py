"""What this ingest is asked: who is connected, and to send somebody away."""

from typing import Any

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.services_pb2 import DisconnectEncoderRequest, ListEncodersRequest, ListEncodersResponse
from headwater.internal.v1.services_pb2_grpc import EncoderServiceServicer
from services.common.errors import AppError, Kind
from services.ingest.rtmp_server import RtmpServer


class EncoderServicer(EncoderServiceServicer):
    """Answers from the server's connections."""

    def __init__(self, server: RtmpServer) -> None:
        self._server = server

    async def ListEncoders(  # noqa: N802  the proto's name
        self, request: ListEncodersRequest, context: Any
    ) -> ListEncodersResponse:
        """Every encoder that has been let in here."""
        del request, context
        answer = ListEncodersResponse()
        for encoder in self._server.encoders:
            answer.encoders.add(
                livestream_id=encoder.key.livestream_id,
                broadcast_id=encoder.joined.broadcast_id,
                instance=encoder.key.instance,
                remote_address=encoder.who.remote_address,
                connection=encoder.joined.connection,
                received_bytes=encoder.received_bytes,
                since_us=encoder.since_us,
            )
        return answer

    async def DisconnectEncoder(self, request: DisconnectEncoderRequest, context: Any) -> Empty:  # noqa: N802  the proto's name
        """Close one instance's connection here. Errors: NOT_FOUND."""
        del context

        def is_chosen(encoder: Any) -> bool:
            key = encoder.key
            return key.livestream_id == request.livestream_id and request.instance in {"", key.instance}

        if not self._server.disconnect(is_chosen, "disconnected by order"):
            raise AppError(Kind.NOT_FOUND, "no such encoder is connected here")
        return Empty()
