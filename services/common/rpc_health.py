"""gRPC health, from the same source as /readyz."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.common.health import Health
from services.common.rpc_call import Context

_WATCH_EVERY_S = 1.0
_MAX_WATCHERS = 32
_Status = health_pb2.HealthCheckResponse.ServingStatus


class HealthServicer(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # the package has no types
    """grpc.health.v1.Health: all services of a program are serving when the program is ready, and none when not."""

    def __init__(self, health: Health, services: Sequence[str]) -> None:
        self._health = health
        self._services = services
        self._watchers = 0

    async def Check(self, request: health_pb2.HealthCheckRequest, context: Context) -> health_pb2.HealthCheckResponse:  # noqa: N802  gRPC's
        if not self._is_known(request.service):
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        return health_pb2.HealthCheckResponse(status=await self._status())

    async def Watch(  # noqa: N802  gRPC's
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> AsyncIterator[health_pb2.HealthCheckResponse]:
        if not self._is_known(request.service):
            yield health_pb2.HealthCheckResponse(status=health_pb2.HealthCheckResponse.SERVICE_UNKNOWN)
            return
        if self._watchers >= _MAX_WATCHERS:
            await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too many watch already")
        self._watchers += 1
        try:
            async for status in self._changes():
                yield health_pb2.HealthCheckResponse(status=status)
        finally:
            self._watchers -= 1

    async def _changes(self) -> AsyncIterator[int]:
        last = None
        while True:
            status = await self._status()
            if status != last:
                last = status
                yield status
            await asyncio.sleep(_WATCH_EVERY_S)

    async def _status(self) -> int:
        report = await self._health.report()
        return int(_Status.Value("SERVING" if report.is_ready else "NOT_SERVING"))

    def _is_known(self, service: str) -> bool:
        return not service or service in self._services
