"""What a caller may set of a livestream, and how the record takes it. Pure."""

from collections.abc import Callable

from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream, Recording
from headwater.v1.outputs_pb2 import Output
from services.api import output
from services.common.errors import AppError, Kind

WINDOW_MS = 120_000
"""The reconnect window of a livestream that sets none."""

_Take = Callable[[LivestreamRecord, Livestream], None]


def fresh(now_us: int) -> LivestreamRecord:
    """A livestream of which nothing was set; its id is still to be drawn."""
    record = LivestreamRecord(start=Livestream.AUTOMATIC)
    record.create_time_us = record.update_time_us = now_us
    record.rules.reconnect_window_ms = WINDOW_MS
    return record


def take(record: LivestreamRecord, given: Livestream, fields: frozenset[str], now_us: int) -> None:
    """Copy fields; one that is named and not given goes back to its default. AppError(INVALID)."""
    for name, put in _FIELDS.items():
        if name in fields:
            put(record, given)
    _take_recording(record, given, fields, now_us)
    if "record" in fields:
        output.switch(record, Output.ARCHIVE, now_us, is_on=given.record or not given.HasField("record"))


def _name(record: LivestreamRecord, given: Livestream) -> None:
    record.name = given.name


def _metadata(record: LivestreamRecord, given: Livestream) -> None:
    record.metadata.clear()
    record.metadata.update(given.metadata)


def _window(record: LivestreamRecord, given: Livestream) -> None:
    is_given = given.HasField("reconnect_window")
    record.rules.reconnect_window_ms = given.reconnect_window.ToMilliseconds() if is_given else WINDOW_MS


def _fail_back(record: LivestreamRecord, given: Livestream) -> None:
    record.rules.fail_back = given.fail_back


def _enabled(record: LivestreamRecord, given: Livestream) -> None:
    record.is_disabled = given.HasField("enabled") and not given.enabled


def _creator(record: LivestreamRecord, given: Livestream) -> None:
    record.creator = given.creator


def _start(record: LivestreamRecord, given: Livestream) -> None:
    record.start = given.start or Livestream.AUTOMATIC


def _single_use(record: LivestreamRecord, given: Livestream) -> None:
    record.is_single_use = given.single_use


def _publish_gate(record: LivestreamRecord, given: Livestream) -> None:
    record.rules.is_gated = given.publish_gate


def _max_run_time(record: LivestreamRecord, given: Livestream) -> None:
    record.rules.max_run_time_ms = given.max_run_time.ToMilliseconds()


def _dvr(record: LivestreamRecord, given: Livestream) -> None:
    record.has_no_dvr = given.HasField("dvr") and not given.dvr


def _low_latency(record: LivestreamRecord, given: Livestream) -> None:
    record.has_no_low_latency = given.HasField("low_latency") and not given.low_latency


_FIELDS: dict[str, _Take] = {
    "name": _name,
    "metadata": _metadata,
    "reconnect_window": _window,
    "fail_back": _fail_back,
    "enabled": _enabled,
    "creator": _creator,
    "start": _start,
    "single_use": _single_use,
    "publish_gate": _publish_gate,
    "max_run_time": _max_run_time,
    "dvr": _dvr,
    "low_latency": _low_latency,
}
_RECORDING = tuple(f"recording.{field.name}" for field in Recording.DESCRIPTOR.fields)

SETTABLE = (*_FIELDS, "record", "recording", *_RECORDING)
"""Fields of an update mask."""


def _take_recording(record: LivestreamRecord, given: Livestream, fields: frozenset[str], now_us: int) -> None:
    """Without a mask those of its fields that are present are taken; a mask may name them one by one, or all."""
    asked = {path.partition(".")[2] for path in fields if path.startswith("recording.")}
    present = {field.name for field, _ in given.recording.ListFields()} if "recording" in fields else set()
    for name in asked | present:
        _take_one(record, given.recording, name, now_us)


def _take_one(record: LivestreamRecord, given: Recording, name: str, now_us: int) -> None:
    rules = record.recording
    if name == "mode":
        for kind in (Output.HLS, Output.ARCHIVE):
            output.switch(record, kind, now_us, is_on=given.mode != Recording.OFF)
    elif name == "retention_days":
        rules.retention_days = given.retention_days
    elif name == "allowed_origins":
        for origin in given.allowed_origins:
            check_origin(origin)
        del rules.allowed_origins[:]
        rules.allowed_origins.extend(given.allowed_origins)
    elif name == "require_signed_urls":
        rules.require_signed_urls = given.require_signed_urls
    elif name == "hide_viewer_count":
        rules.hide_viewer_count = given.hide_viewer_count


def check_origin(origin: str, *, field: str = "livestream.recording.allowedOrigins") -> None:
    """AppError(INVALID) for what is no host name, with `*.` before it or a port behind it."""
    host, _, port = origin.removeprefix("*.").partition(":")
    is_host = bool(host) and all(part and part.replace("-", "").isalnum() for part in host.split("."))
    if not is_host or (":" in origin and not (port.isdigit() and 0 < int(port) < 65_536)):
        message = "must be a host name, *.example.com for all below one, with a port if need be"
        raise AppError(Kind.INVALID, message, field=field)
