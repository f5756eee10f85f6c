"""Ingest's wiring: what is opened, in which order, and what runs."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from headwater.internal.v1.services_pb2_grpc import add_EncoderServiceServicer_to_server
from services.common import subjects
from services.common.bus.facts import FactPublisher
from services.common.clock import SystemClock
from services.common.health import Health
from services.common.lifecycle import App, Job
from services.common.opening import open_bus
from services.common.resources import Resources
from services.common.rpc_server import RpcServer
from services.common.sockets import listening_socket
from services.common.spine import Spine
from services.ingest.batcher import BatchLimits
from services.ingest.counts import Counts
from services.ingest.edge import Edge
from services.ingest.fullness import Fullness
from services.ingest.keys import KeyBook
from services.ingest.media_log import LogLimits
from services.ingest.on_air import OnAirBook
from services.ingest.rtmp_server import RtmpServer
from services.ingest.servicer import EncoderServicer
from services.ingest.settings import Settings

CONFIG_ROOM = 40_000
"""Bytes that a message may have beyond its batch: its head, and two codec configurations (16 KB each at most)."""


class IngestApp(App):
    """An opened ingest."""

    def __init__(self, edge: Edge, fullness: Fullness, server: RtmpServer) -> None:
        self.server = server
        self._edge = edge
        self._fullness = fullness

    def jobs(self) -> Iterable[Job]:
        """Two watches, a look at the logs, and the server."""
        return (
            Job("watch keys", self._edge.keys.watch),
            Job("watch onair", self._edge.on_air.watch),
            Job("watch the logs", self._fullness.watch),
            Job("rtmp", self.server.serve),
        )

    async def drain(self) -> None:
        """Send the encoders to another ingest."""
        await self.server.drain()


def batch_limits(settings: Settings, *, max_payload: int) -> BatchLimits:
    """The part of the settings that batchers need; `max_payload` is what the server takes in one message."""
    size = min(settings.batch_bytes, max(max_payload - CONFIG_ROOM, 4_000))
    return BatchLimits(size_bytes=size, delay_s=settings.batch_delay, part_s=settings.part_duration)


@asynccontextmanager
async def open_app(settings: Settings, health: Health) -> AsyncIterator[App]:
    """Open everything ingest needs; close it in reverse."""
    async with Resources(close_timeout_s=settings.close_timeout) as resources:
        bus = await open_bus(settings, resources, health)
        spine = Spine(bus, settings)
        facts = FactPublisher(await spine.facts())
        resources.defer("facts", facts.close)
        for shard in range(settings.shards):
            await asyncio.gather(spine.media(shard), spine.cmaf(shard))
        counts = Counts()
        fullness = Fullness(spine, shards=settings.shards)
        edge = Edge(
            name=settings.replica,
            spine=spine,
            keys=KeyBook(await spine.bucket(subjects.KEYS)),
            on_air=OnAirBook(await spine.bucket(subjects.ONAIR), fullness.open_shards),
            facts=facts,
            clock=SystemClock(),
            batch=batch_limits(settings, max_payload=bus.max_payload),
            log_limits=LogLimits(in_flight=settings.in_flight, buffer_bytes=settings.buffer_bytes),
            max_bitrate=settings.max_bitrate,
            refuses_codecs=settings.refuse_codecs,
            on_drop=counts.dropped_units.inc,
        )
        listener = listening_socket("rtmp", settings.bind, settings.rtmp_port, setting="HEADWATER_RTMP_PORT")
        server = RtmpServer(
            edge,
            listener,
            counts=counts,
            max_connections=settings.max_connections,
            max_per_address=settings.max_per_address,
        )
        resources.defer("rtmp", server.drain)
        counts.observe(lambda: server.encoders)
        rpc = RpcServer(settings.internal_bind, settings.grpc_port, health)
        rpc.add(add_EncoderServiceServicer_to_server, EncoderServicer(server))
        await resources.open("grpc", rpc)

        yield IngestApp(edge, fullness, server)
