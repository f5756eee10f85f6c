"""Logs: one line per event, JSON for machines and key=value on a terminal, on stderr.

What a line is about is bound once, with `bound(livestream=..., connection=...)`, and rides along in context
variables. Everything passes redaction, whoever wrote it; the standard library's loggers end here too.
"""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, TextIO, cast

import orjson

from services.common.log_library import (
    FilteringBoundLogger,
    Processor,
    bound_contextvars,
    merge_contextvars,
    structlog,
)
from services.common.log_repeats import RepeatLimit
from services.common.redaction import redact

bound = bound_contextvars
"""`with bound(livestream=id, instance="primary"): ...` puts these keys on every line written inside."""

LEVELS: Mapping[str, int] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

_FIRST_KEYS = ("timestamp", "level", "program", "replica", "event")
_CHATTY = ("asyncio", "grpc", "httpx", "httpcore", "nats", "urllib3", "uvicorn", "opentelemetry")


def get_logger(name: str) -> FilteringBoundLogger:
    """Make a module's logger, its `_log`; then `_log.info("what happened", key=value)`."""
    return cast("FilteringBoundLogger", structlog.get_logger(module=name.removeprefix("services.")))


def configure(
    *, program: str, replica: str, level: str = "info", form: str = "json", stream: TextIO | None = None
) -> None:
    """Set this process's logs up; `level` is a key of LEVELS, `form` is "json" or "text"."""
    out = stream or sys.stderr
    shared: list[Processor] = [
        merge_contextvars,
        structlog.processors.add_log_level,
        _add_identity(program, replica),
        _add_trace,
        RepeatLimit(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
        _order,
    ]
    structlog.configure(
        processors=[*shared, _render_text if form == "text" else _render_json],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    _route_stdlib(LEVELS[level])


class _Router(logging.Handler):
    """Hands the standard library's records to the same lines as ours."""

    def emit(self, record: logging.LogRecord) -> None:
        logger = get_logger(record.name)
        fields = {"exc_info": record.exc_info} if record.exc_info else {}
        logger.log(min(record.levelno, logging.ERROR), record.getMessage(), **fields)


def _route_stdlib(level: int) -> None:
    root = logging.getLogger()
    root.handlers = [_Router()]
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    logging.captureWarnings(capture=True)


def _add_identity(program: str, replica: str) -> Processor:
    def add(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["program"] = program
        if replica != program:
            event["replica"] = replica
        return event

    return add


def _add_trace(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    trace = sys.modules.get("opentelemetry.trace")  # only a program that traces has loaded it
    if trace is not None and "trace_id" not in event:
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            event["trace_id"] = f"{context.trace_id:032x}"
    return event


def _redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(key, value) for key, value in event.items()}


def _order(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    first = {key: event[key] for key in _FIRST_KEYS if key in event}
    return first | {key: value for key, value in event.items() if key not in first}


def _render_json(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def _render_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    rest = dict(event)
    exception = rest.pop("exception", None)
    when, level, program, what = (rest.pop(key) for key in ("timestamp", "level", "program", "event"))
    head = f"{when} {level:<7} {program}: {_one_line(what)}"
    line = " ".join((head, *(f"{key}={_quote(value)}" for key, value in rest.items())))
    return f"{line}\n{exception}" if exception else line


def _one_line(value: Any) -> str:
    return str(value).replace("\n", "\\n").replace("\r", "\\r")


def _quote(value: Any) -> str:
    text = _one_line(value)
    return orjson.dumps(text).decode() if " " in text or '"' in text or not text else text
