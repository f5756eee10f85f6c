"""How many watch a livestream now, as stats says."""

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.v1.statistics_pb2 import GetStatisticsRequest
from services.common.errors import AppError
from services.common.log import get_logger
from services.common.rpc_channel import ask
from services.packager.http import Response, refusal
from services.packager.origin.shared import Shared

if TYPE_CHECKING:  # the name stands in the stub file alone
    from headwater.v1.statistics_pb2_grpc import StatisticsServiceAsyncStub

FRESH_S = 1.5
"""Stats itself learns of viewers every few seconds."""
DEADLINE_S = 2.0
MAX_KNOWN = 10_000

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Known:
    viewers: int
    at: float


class Views:
    """Asks once for all who want to know at the same time, and remembers for a moment."""

    def __init__(self, stats: "StatisticsServiceAsyncStub") -> None:
        self._stats = stats
        self._known: dict[str, _Known] = {}
        self._asking: Shared[int] = Shared("viewers")
        self._now = asyncio.get_running_loop().time

    async def answer(self, livestream: str) -> Response:
        """`{"liveViewers": n}`; 503 while stats is away."""
        try:
            return _said(await self._viewers(livestream))
        except AppError as error:
            _log.info("viewers cannot be counted", reason=error.detail)
            return refusal(503)

    async def _viewers(self, livestream: str) -> int:
        known = self._known.get(livestream)
        if known is not None and self._now() - known.at < FRESH_S:
            return known.viewers
        return await self._asking.get(livestream, lambda: self._ask(livestream))

    async def _ask(self, livestream: str) -> int:
        request = GetStatisticsRequest(livestream_id=livestream)
        found = await ask(self._stats.GetStatistics(request, timeout=DEADLINE_S))
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        viewers = found.sum.hls_connections
        self._known[livestream] = _Known(viewers, self._now())
        return viewers


def nobody() -> Response:
    """Of what is not live."""
    return _said(0)


def hidden() -> Response:
    """403: the number is not said in public, or nobody knows the id."""
    headers = {"content-type": "text/plain; charset=utf-8", "cache-control": "public, max-age=1"}
    return Response(403, headers, b"the number of viewers is not shown\n")


def _said(viewers: int) -> Response:
    headers = {"content-type": "application/json", "cache-control": "public, max-age=1"}
    return Response(200, headers, json.dumps({"liveViewers": viewers}).encode())
