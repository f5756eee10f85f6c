"""Stats as a program of its own beside real servers, asked over gRPC."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from headwater.internal.v1.services_pb2 import DeleteSamplesRequest
from headwater.internal.v1.services_pb2_grpc import SampleServiceStub
from headwater.v1.statistics_pb2 import GetStatisticsRequest, ListSamplesRequest, ListSamplesResponse, Statistics
from headwater.v1.statistics_pb2_grpc import StatisticsServiceStub
from services.common.rpc_channel import ask, open_channel
from services.common.settings_types import HostPort
from tests.servers.nats import NatsServer
from tests.servers.nursery import ForkedProcess, forked
from tests.servers.ports import free_ports
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server

if TYPE_CHECKING:  # the name stands in the stub file alone
    from headwater.internal.v1.services_pb2_grpc import SampleServiceAsyncStub
    from headwater.v1.statistics_pb2_grpc import StatisticsServiceAsyncStub

NO_OBJECTS = {"HEADWATER_S3_ENDPOINT": "http://127.0.0.1:1"}
"""Nobody listens there."""


def objects_of(server: S3Server, bucket: str) -> dict[str, str]:
    """The settings of a program that uses this object store."""
    return {
        "HEADWATER_S3_ENDPOINT": server.url,
        "HEADWATER_S3_ACCESS_KEY": server.access_key,
        "HEADWATER_S3_SECRET_KEY": server.secret_key,
        "HEADWATER_S3_REGION": server.region,
        "HEADWATER_S3_BUCKET": bucket,
    }


@dataclass
class StatsProgram:
    """Started by `started`."""

    process: ForkedProcess
    stub: "StatisticsServiceAsyncStub"
    sample_stub: "SampleServiceAsyncStub"
    metrics_url: str
    log: Path

    async def statistics(self, livestream: str) -> Statistics:
        return await ask(self.stub.GetStatistics(GetStatisticsRequest(livestream_id=livestream)))

    async def samples(self, livestream: str, *, page_token: str = "", **asked: Any) -> ListSamplesResponse:
        request = ListSamplesRequest(livestream_id=livestream, instance="primary", page_token=page_token, **asked)
        return await ask(self.stub.ListSamples(request))

    async def delete_samples(self, livestream: str) -> None:
        await ask(self.sample_stub.DeleteSamples(DeleteSamplesRequest(livestream_id=livestream)))

    async def metric(self, name: str) -> float | None:
        """A metric's value (name with labels as written); None if it is not there, or the program does not answer."""
        async with httpx.AsyncClient(timeout=5) as client:
            try:
                text = (await client.get(f"{self.metrics_url}/metrics")).text
            except httpx.TransportError:
                return None
        found = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{name} ")]
        return float(found[0]) if found else None

    async def status(self) -> int:
        """What /readyz answers; 0 while nobody does."""
        async with httpx.AsyncClient(timeout=5) as client:
            try:
                return (await client.get(f"{self.metrics_url}/readyz")).status_code
            except httpx.TransportError:
                return 0


@asynccontextmanager
async def started(
    nats: NatsServer, redis: RedisServer, folder: Path, objects: Mapping[str, str] = NO_OBJECTS
) -> AsyncIterator[StatsProgram]:
    """Run stats until the block ends; `objects` says where the object store is, in settings."""
    grpc_port, metrics_port = free_ports(2)
    environment = {
        "HEADWATER_NATS_URL": nats.url,
        "HEADWATER_REDIS_URL": redis.url,
        "HEADWATER_GRPC_PORT": str(grpc_port),
        "HEADWATER_METRICS_PORT": str(metrics_port),
        "HEADWATER_CLOSE_TIMEOUT": "1s",
        **objects,
    }
    path = folder / "stats.log"
    process = await forked("services.stats", environment, path)
    channel = open_channel(HostPort("127.0.0.1", grpc_port), deadline_s=3.0)
    try:
        stubs = StatisticsServiceStub(channel), SampleServiceStub(channel)
        yield StatsProgram(process, *stubs, f"http://127.0.0.1:{metrics_port}", path)
    finally:
        await channel.close()
        if process.returncode is None:
            process.kill()
        await process.wait()
