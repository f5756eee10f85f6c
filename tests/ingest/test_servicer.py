"""What ingest answers to whoever asks over gRPC."""

import grpc
import pytest

from headwater.internal.v1.services_pb2 import DisconnectEncoderRequest, ListEncodersRequest
from headwater.internal.v1.services_pb2_grpc import EncoderServiceStub
from tests.ingest.running import ingest, platform
from tests.ingest.socket_encoder import encoder
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

DEADLINE_S = 10


async def test_encoders_are_listed_and_sent_away_by_order(nats_server: NatsServer) -> None:
    """One instance of a livestream, and NOT_FOUND once it has gone."""
    async with platform(nats_server) as api, ingest(nats_server) as edge:
        livestream = await api.create()
        async with (
            grpc.aio.insecure_channel(f"127.0.0.1:{edge.settings.grpc_port}") as channel,
            encoder(edge.port, livestream.key) as sender,
            encoder(edge.port, livestream.keys["secondary"]) as other,
        ):
            await sender.published()
            await other.published()
            stub = EncoderServiceStub(channel)
            answer = await stub.ListEncoders(ListEncodersRequest(), timeout=DEADLINE_S)
            record = await api.on_air(livestream)
            assert record is not None
            assert {(e.livestream_id, e.broadcast_id, e.instance) for e in answer.encoders} == {
                (livestream.id, record.broadcast_id, "primary"),
                (livestream.id, record.broadcast_id, "secondary"),
            }
            assert all(e.connection and e.since_us and e.remote_address == "127.0.0.1" for e in answer.encoders)
            order = DisconnectEncoderRequest(livestream_id=livestream.id, instance="primary")
            await stub.DisconnectEncoder(order, timeout=DEADLINE_S)
            assert (await sender.refused())["description"] == "disconnected by order"
            assert not other.is_closed.is_set()
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await stub.DisconnectEncoder(order, timeout=DEADLINE_S)
            assert refused.value.code() is grpc.StatusCode.NOT_FOUND
