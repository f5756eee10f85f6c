"""Outputs of a livestream: which it has, what they may be, and what ingest and packager must know of them. Pure.

Outputs are the truth: whether there is a recording and whether viewers can watch follows from them.
"""

import hashlib
from urllib.parse import urlsplit

from headwater.internal.v1.records_pb2 import LivestreamRecord, OutputRecord
from headwater.v1.outputs_pb2 import Output
from services.common.errors import AppError, Kind

SIMULCAST_LIMIT = 50
SCHEMES = ("rtmp", "rtmps", "srt")
LASTING = (Output.HLS, Output.ARCHIVE)
"""Of these there is one at most, and they do not change on air."""

_NAMES = {Output.HLS: "default hls", Output.ARCHIVE: "default archive"}


def default_output(livestream: str, kind: Output.Type.ValueType, now_us: int) -> OutputRecord:
    """The one a livestream is made with. Its id follows from the livestream's, so that two who add it add the same."""
    made = OutputRecord(
        id=hashlib.sha256(f"{livestream}/{Output.Type.Name(kind)}/{now_us}".encode()).hexdigest()[:32],
        type=kind,
        name=_NAMES[kind],
        create_time_us=now_us,
        update_time_us=now_us,
    )
    if kind == Output.ARCHIVE:
        made.public_id = f"live_stream_{livestream}_archive"
    return made


def outputs_of(record: LivestreamRecord) -> list[OutputRecord]:
    """A record of before there were outputs has those that its rules imply."""
    if record.has_outputs:
        return list(record.outputs)
    kinds = [Output.HLS, *([Output.ARCHIVE] if record.rules.record else [])]
    return [default_output(record.id, kind, record.create_time_us) for kind in kinds]


def output_of(record: LivestreamRecord, kind: Output.Type.ValueType) -> OutputRecord | None:
    return next((each for each in outputs_of(record) if each.type == kind), None)


def find(record: LivestreamRecord, output: str) -> OutputRecord:
    """AppError(NOT_FOUND) if the livestream has no such output."""
    for each in outputs_of(record):
        if each.id == output:
            return each
    raise AppError(Kind.NOT_FOUND, f"the livestream has no output {output}")


def has_output(record: LivestreamRecord, kind: Output.Type.ValueType) -> bool:
    return output_of(record, kind) is not None


def put_outputs(record: LivestreamRecord, outputs: list[OutputRecord]) -> None:
    """These are its outputs from now on."""
    kept = [OutputRecord.FromString(each.SerializeToString()) for each in outputs]
    del record.outputs[:]
    record.outputs.extend(kept)
    record.has_outputs = True
    record.rules.record = has_output(record, Output.ARCHIVE)
    record.rules.is_hidden = not has_output(record, Output.HLS)


def switch(record: LivestreamRecord, kind: Output.Type.ValueType, now_us: int, *, is_on: bool) -> None:
    """Make the output where it is missing, or take it away."""
    outputs = outputs_of(record)
    if is_on and not any(each.type == kind for each in outputs):
        outputs.append(default_output(record.id, kind, now_us))
    elif not is_on:
        outputs = [each for each in outputs if each.type != kind]
    put_outputs(record, outputs)


def check_target(url: str) -> None:
    """AppError(INVALID) for what is no address of another platform."""
    try:
        parts = urlsplit(url)
        is_good = parts.scheme in SCHEMES and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_good = False
    if not is_good or any(character.isspace() or not character.isprintable() for character in url):
        raise AppError(Kind.INVALID, "must be an rtmp, rtmps or srt URL with a host", field="output.url")
    if parts.username is not None or parts.password is not None:
        raise AppError(Kind.INVALID, "must not hold a user or password", field="output.url")


def check_room(record: LivestreamRecord, kind: Output.Type.ValueType) -> None:
    """AppError(CONFLICT, LIMIT) if the livestream cannot have one more of this type."""
    if kind in LASTING and has_output(record, kind):
        raise AppError(Kind.CONFLICT, f"the livestream has an output of type {Output.Type.Name(kind)} already")
    count = sum(each.type == Output.SIMULCAST for each in outputs_of(record))
    if kind == Output.SIMULCAST and count >= SIMULCAST_LIMIT:
        raise AppError(Kind.FAILED_PRECONDITION, f"a livestream has {SIMULCAST_LIMIT} simulcast outputs at most")
