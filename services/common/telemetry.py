"""Traces: spans are made only where an OTLP endpoint is set; without one every call here costs next to nothing.

A trace context comes in with a request, goes out in NATS headers and gRPC metadata, and so one trace leads from REST
to the last consumer. An encoder's rides with the first message of its connection, and then with each state and segment
that comes of it: a span, or only its header, costs more than a message of media may.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.common.settings import ServiceSettings

_PROPAGATOR = TraceContextTextMapPropagator()
_MARK = b"traceparent"
_ROOT = Context()


class _State:
    is_on = False


def is_on() -> bool:
    """Whether this process keeps traces."""
    return _State.is_on


def tracer(name: str) -> trace.Tracer:
    """What a module makes its spans with, as in `with _tracer.start_as_current_span("store segment"):`."""
    return trace.get_tracer(name)


def inject(headers: MutableMapping[str, str]) -> None:
    """Put the current trace context, if there is one, into a message's headers (W3C traceparent)."""
    if trace.get_current_span().get_span_context().is_valid:
        _PROPAGATOR.inject(headers)


def outgoing() -> dict[str, str] | None:
    """The current trace context as a message's headers; None outside of a trace."""
    headers: dict[str, str] = {}
    inject(headers)
    return headers or None


def is_carried(raw_headers: bytes) -> bool:
    """Whether a raw header block has a trace context; cheap enough to be asked of each message of media."""
    return _MARK in raw_headers


def extract(headers: Mapping[str, str] | None) -> Context:
    """The trace context of a message's headers; empty if they carry none or nonsense."""
    if not headers or "traceparent" not in headers:
        return _ROOT
    return _PROPAGATOR.extract(headers, context=_ROOT)


@contextmanager
def continued(headers: Mapping[str, str] | None) -> Iterator[None]:
    """Work inside the block belongs to the trace that the message's headers carry."""
    token = otel_context.attach(extract(headers))
    try:
        yield
    finally:
        otel_context.detach(token)


@contextmanager
def consuming(name: str, headers: Mapping[str, str] | None) -> Iterator[None]:
    """A span of handling a message, in the trace that its headers carry; where no traces are kept, just that trace."""
    if not _State.is_on:
        with continued(headers):
            yield
        return
    kind = trace.SpanKind.CONSUMER
    with tracer(__name__).start_as_current_span(name, context=extract(headers), kind=kind):
        yield


@contextmanager
def tracing(settings: ServiceSettings) -> Iterator[None]:
    """Send spans to the OTLP endpoint while the block runs, and the last ones at its end; no endpoint: nothing."""
    if settings.otlp_endpoint is None:
        yield
        return
    from services.common import telemetry_sdk  # noqa: PLC0415  0.3 s and 15 MB, only where traces are kept

    provider = telemetry_sdk.start(settings)
    _State.is_on = True
    try:
        yield
    finally:
        _State.is_on = False
        provider.shutdown()
