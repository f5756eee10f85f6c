import gzip
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from services.common import telemetry

_PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_without_a_trace_nothing_is_put_into_headers() -> None:
    """Outside of a trace a message goes out as it is."""
    headers: dict[str, str] = {}
    telemetry.inject(headers)

    assert headers == {}
    assert not telemetry.is_on()


def test_trace_context_leads_through_a_program_that_keeps_none() -> None:
    """A program without an endpoint passes on the trace it was given."""
    headers: dict[str, str] = {}
    with telemetry.continued({"traceparent": _PARENT}):
        telemetry.inject(headers)

    assert headers["traceparent"].split("-")[1] == _PARENT.split("-")[1]


@pytest.mark.parametrize("headers", [None, {}, {"traceparent": "nonsense"}, {"other": "x"}])
def test_headers_without_a_trace_start_none(headers: dict[str, str] | None) -> None:
    """Missing or broken headers are no trace and no error."""
    context = telemetry.extract(headers)

    assert not trace.get_current_span(context).get_span_context().is_valid


@pytest.fixture
def collector() -> Iterator[tuple[str, "Queue[tuple[str, bytes]]"]]:
    """A small honest OTLP/HTTP receiver."""
    got: Queue[tuple[str, bytes]] = Queue()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.put((self.path, gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
            pass

    with HTTPServer(("127.0.0.1", 0), Receiver) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(server.serve_forever, 0.05)
        yield f"http://127.0.0.1:{server.server_port}", got
        server.shutdown()


def test_spans_reach_the_collector_at_the_end(collector: tuple[str, "Queue[tuple[str, bytes]]"]) -> None:
    """With an endpoint a program sends its spans, in the trace that came with the message, before it ends."""
    endpoint, got = collector
    program = (
        "from services.common import telemetry; from services.common.settings import ServiceSettings\n"
        "with telemetry.tracing(ServiceSettings()):\n"
        f"  with telemetry.continued({{'traceparent': '{_PARENT}'}}):\n"
        "    with telemetry.tracer('t').start_as_current_span('store segment'): assert telemetry.is_on()\n"
    )
    environment = {"PATH": os.environ["PATH"], "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "HEADWATER_REPLICA": "x-1"}
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=30, check=True)
    path, body = got.get(timeout=10)
    (resource,) = ExportTraceServiceRequest.FromString(body).resource_spans
    (span,) = resource.scope_spans[0].spans

    assert path == "/v1/traces"
    assert (span.name, span.trace_id.hex()) == ("store segment", _PARENT.split("-")[1])
    assert any(each.value.string_value == "x-1" for each in resource.resource.attributes)


def test_handling_a_message_is_a_span_of_its_senders_trace(collector: tuple[str, "Queue[tuple[str, bytes]]"]) -> None:
    """What a message brings about belongs to the trace that it came with."""
    endpoint, got = collector
    program = (
        "from services.common import telemetry; from services.common.settings import ServiceSettings\n"
        "with telemetry.tracing(ServiceSettings()):\n"
        f"  with telemetry.consuming('api takes a message', {{'traceparent': '{_PARENT}'}}): pass\n"
    )
    environment = {"PATH": os.environ["PATH"], "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=30, check=True)
    (resource,) = ExportTraceServiceRequest.FromString(got.get(timeout=10)[1]).resource_spans
    (span,) = resource.scope_spans[0].spans

    assert (span.name, span.kind) == ("api takes a message", span.SPAN_KIND_CONSUMER)
    assert [span.trace_id.hex(), span.parent_span_id.hex()] == _PARENT.split("-")[1:3]


def test_grpc_calls_are_spans_of_one_trace(collector: tuple[str, "Queue[tuple[str, bytes]]"]) -> None:
    """A caller's span, the call and its answering are one trace, without either side's doing."""
    endpoint, got = collector
    program = (
        "import asyncio\n"
        "from grpc_health.v1 import health_pb2\n"
        "from services.common import telemetry\n"
        "from services.common.health import Health\n"
        "from services.common.rpc_channel import open_channel\n"
        "from services.common.rpc_server import RpcServer\n"
        "from services.common.settings import ServiceSettings\n"
        "from services.common.settings_types import HostPort\n"
        "from grpc_health.v1 import health_pb2_grpc\n"
        "async def call():\n"
        "    async with RpcServer('127.0.0.1', 0, Health()) as server:\n"
        "        channel = open_channel(HostPort('127.0.0.1', server.port))\n"
        "        with telemetry.tracer('t').start_as_current_span('ask'):\n"
        "            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())\n"
        "        await channel.close()\n"
        "with telemetry.tracing(ServiceSettings()): asyncio.run(call())\n"
    )
    environment = {
        "PATH": os.environ["PATH"],
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "HEADWATER_TRACE_RATIO": "1",
    }
    subprocess.run([sys.executable, "-c", program], env=environment, timeout=30, check=True)
    (resource,) = ExportTraceServiceRequest.FromString(got.get(timeout=10)[1]).resource_spans
    spans = [span for scope in resource.scope_spans for span in scope.spans]

    assert len({span.trace_id for span in spans}) == 1
    assert len(spans) == 3
