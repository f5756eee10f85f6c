import asyncio
import json
import socket

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from services.common import metrics, process_metrics
from services.common.clock import ManualClock
from services.common.errors import AppError
from services.common.health import Health, Phase
from services.common.ops_server import OpsServer


async def _get(server: OpsServer, path: str, method: str = "GET") -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.request(method, f"http://127.0.0.1:{server.port}{path}", timeout=10)


async def _raw(server: OpsServer, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(request)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


async def test_readyz_tells_what_is_missing() -> None:
    """503 with the reasons while not ready, 200 when ready; alive all the while."""
    health = Health(fresh_s=0)
    async with OpsServer("127.0.0.1", 0, health) as server:
        starting, alive = await _get(server, "/readyz"), await _get(server, "/healthz")
        health.enter(Phase.RUNNING)
        running = await _get(server, "/readyz?verbose")

    assert (starting.status_code, alive.status_code, running.status_code) == (503, 200, 200)
    assert starting.json() == {"ready": False, "failing": {"program": "starting"}}
    assert json.loads(running.text) == {"ready": True, "failing": {}}


async def test_metrics_are_readable_by_prometheus() -> None:
    """/metrics shows what was counted and what the process uses, under Prometheus' content type."""
    metrics.counter("headwater_ingest_units_total", protocol="rtmp").inc(5)
    process_metrics.register(program="ingest", replica="ingest-2", clock=ManualClock(now=1000.0))
    async with OpsServer("127.0.0.1", 0, Health()) as server:
        answer = await _get(server, "/metrics")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}

    assert answer.headers["content-type"] == metrics.CONTENT_TYPE
    assert families["headwater_ingest_units"].samples[0].value >= 5
    assert families["process_start_time_seconds"].samples[0].value == 1000.0
    assert families["process_resident_memory_bytes"].samples[0].value > 1 << 20
    assert families["process_open_fds"].samples[0].value > 3
    assert families["headwater_info"].samples[0].labels["replica"] == "ingest-2"


async def test_head_has_no_body_and_other_methods_are_refused() -> None:
    """The door is for looking only."""
    async with OpsServer("127.0.0.1", 0, Health()) as server:
        head = await _get(server, "/healthz", "HEAD")
        post = await _get(server, "/healthz", "POST")
        lost = await _get(server, "/else")

    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "3")
    assert (post.status_code, lost.status_code) == (405, 404)


@pytest.mark.parametrize(
    "request_bytes", [b"\r\n\r\n", b"GET /\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"x" * 9000]
)
async def test_garbage_is_answered_400(request_bytes: bytes) -> None:
    """What is no request, or too long a one, is refused without reading on."""
    async with OpsServer("127.0.0.1", 0, Health()) as server:
        answer = await _raw(server, request_bytes)

    assert answer.startswith(b"HTTP/1.1 400 ")


async def test_silent_strangers_do_not_lock_others_out() -> None:
    """Connections above the limit are closed at once, and a freed place is given again."""
    async with OpsServer("127.0.0.1", 0, Health()) as server:
        silent = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(32)]
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        for _, other in silent:
            other.close()
        async with asyncio.timeout(10):
            while not (answer := await _raw(server, b"GET /healthz HTTP/1.1\r\n\r\n")):  # noqa: ASYNC110  the server tells nobody
                await asyncio.sleep(0.01)

    assert answer.startswith(b"HTTP/1.1 200 ")


async def test_taken_port_is_told_with_its_setting() -> None:
    """A metrics port that is taken is an error in words."""
    with socket.create_server(("127.0.0.1", 0)) as holder, pytest.raises(AppError, match="HEADWATER_METRICS_PORT"):
        await OpsServer("127.0.0.1", holder.getsockname()[1], Health()).__aenter__()
