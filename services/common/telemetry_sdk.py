"""The part of tracing that only a process which keeps traces imports: the SDK and its OTLP exporter."""

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio

from services.common.settings import ServiceSettings

_EXPORT_TIMEOUT_S = 5


def start(settings: ServiceSettings) -> TracerProvider:
    """Send this process's spans to the OTLP endpoint of its settings; `shutdown()` sends the last ones."""
    identity = {"service.name": f"headwater-{settings.program}", "service.instance.id": settings.replica}
    provider = TracerProvider(
        resource=Resource.create(identity),
        sampler=ParentBasedTraceIdRatio(settings.trace_ratio),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint}/v1/traces", timeout=_EXPORT_TIMEOUT_S)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    return provider
