"""NATS and JetStream wire formats: header blocks, acknowledgements, delivery subjects, time stamps. Pure.

Formats: the NATS client protocol (HPUB/HMSG) and ADR-4 (headers), ADR-1 (JetStream API), ADR-15 (ack subjects).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import orjson

from services.common.bus.errors import BusError, Refused, Unavailable, WrongSequence

MSG_ID = "Nats-Msg-Id"
EXPECTED_LAST = "Nats-Expected-Last-Subject-Sequence"

_VERSION = b"NATS/1.0"
_WRONG_SEQUENCE = frozenset({10071, 10164})  # the second is what newer servers say where the limit is constant
_NOT_FOUND = 404
_TRANSIENT = frozenset({408, 429, 500, 503})
_INVALID_CONFIG = 10052  # said with code 500
_SUBJECT = re.compile(r"[!-)+-=?-~]+")
_PATTERN = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came: `headers` is the raw block or empty."""

    subject: bytes
    reply: bytes
    headers: bytes
    payload: bytes


class Delivery(NamedTuple):
    """What a JetStream delivery says in its reply subject; `time_us` is the leader's stamp in Unix microseconds."""

    attempt: int
    stream_sequence: int
    consumer_sequence: int
    time_us: int
    pending: int


class Places(NamedTuple):
    """Of several deliveries, by column, what `parse_place` gives of one."""

    sequences: Sequence[int]
    counts: Sequence[int]
    times_us: Sequence[int]
    pending: Sequence[int]


class _Validator(Protocol):
    def fullmatch(self, string: str, /) -> object: ...


def check_subject(subject: str) -> str:
    """The subject itself; ValueError for one that could not be published to or would break the protocol's line."""
    return _check(subject, _SUBJECT)


def check_pattern(pattern: str) -> str:
    """As `check_subject`, with wildcards allowed."""
    return _check(pattern, _PATTERN)


def _check(subject: str, allowed: _Validator) -> str:
    if allowed.fullmatch(subject) is None or subject[0] == "." or subject[-1] == "." or ".." in subject:
        raise ValueError(f"not a subject: {subject[:100]!r}")
    return subject


def encode_headers(pairs: Mapping[str, str]) -> bytes:
    """A header block; ValueError where a name or value would begin a line of its own."""
    if not pairs:
        return b""
    lines = "".join([f"{name}: {value}\r\n" for name, value in pairs.items()])
    if lines.count("\n") != len(pairs) or lines.count("\r") != len(pairs):
        raise ValueError("a header holds a line break")
    return f"NATS/1.0\r\n{lines}\r\n".encode()


def parse_headers(block: bytes) -> dict[str, str]:
    """Name to value, the last one of equal names; empty for anything that is no header block."""
    if not block.startswith(_VERSION):
        return {}
    found = {}
    for line in block.decode("utf-8", "replace").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            found[name] = value.strip()
    return found


def status_of(block: bytes) -> int:
    """The inline status of a header block (100, 404, 408, 409, 503), 0 where there is none."""
    status = block[9:12]
    return int(status) if block[8:9] == b" " and status.isdigit() else 0


def parse_delivery(reply: bytes) -> Delivery:
    """`$JS.ACK.[domain.account.]stream.consumer.attempt.sseq.cseq.ns.pending`; ValueError for anything else."""
    tokens = reply.split(b".")
    first = 4 if len(tokens) == 9 else 6
    if len(tokens) < first + 5 or tokens[1] != b"ACK":
        raise ValueError(f"not a delivery subject: {reply[:100]!r}")
    attempt, stream, consumer, at_ns, pending = map(int, tokens[first : first + 5])
    return Delivery(attempt, stream, consumer, at_ns // 1000, pending)


def parse_place(reply: bytes) -> tuple[int, int, int, int]:
    """Of a delivery, as quickly as can be: stream sequence, consumer sequence, microseconds, how many are to come."""
    tokens = reply.split(b".")
    if len(tokens) == 9 and tokens[1] == b"ACK":
        return int(tokens[5]), int(tokens[6]), int(tokens[7]) // 1000, int(tokens[8])
    found = parse_delivery(reply)
    return found.stream_sequence, found.consumer_sequence, found.time_us, found.pending


def parse_places(replies: Sequence[bytes]) -> Places | None:
    """As `parse_place` of each; None where one is anything but a delivery of the commonest form."""
    tokens = b".".join(replies).split(b".")
    if tokens[0::9] != [b"$JS"] * len(replies) or tokens[1::9] != [b"ACK"] * len(replies):
        return None
    sequences, counts, stamps, pending = (list(map(int, tokens[place::9])) for place in (5, 6, 7, 8))
    return Places(sequences, counts, [stamp // 1000 for stamp in stamps], pending)


def parse_time_us(stamp: str) -> int:
    """RFC 3339 with up to nine decimals, as `Nats-Time-Stamp` has it, in Unix microseconds."""
    whole, _, rest = stamp.rstrip("Z").partition(".")
    seconds = datetime.fromisoformat(whole + "+00:00")
    return int(seconds.timestamp()) * 1_000_000 + int((rest + "000000")[:6])


def parse_answer(reply: Reply) -> dict[str, Any]:
    """The JSON of a JetStream answer. Errors: see `raise_error`; Unavailable where nobody serves the subject."""
    if reply.headers and status_of(reply.headers) == 503:
        raise Unavailable("no JetStream answers")
    try:
        answer = orjson.loads(reply.payload)
    except orjson.JSONDecodeError as error:
        raise Unavailable("JetStream's answer is no JSON") from error
    if not isinstance(answer, dict):
        raise Unavailable("JetStream's answer is no object")
    if "error" in answer:
        raise error_of(answer["error"])
    return answer


def parse_ack(reply: Reply) -> int:
    """The stream sequence of an acknowledged write. Errors: WrongSequence, Unavailable, Refused."""
    return int(parse_answer(reply)["seq"])


def error_of(error: Mapping[str, Any]) -> BusError:
    """JetStream's error object as one of ours."""
    code, err_code = int(error.get("code", 0)), int(error.get("err_code", 0))
    description = str(error.get("description", ""))
    if err_code in _WRONG_SEQUENCE:
        return WrongSequence(description)
    if code in _TRANSIENT and err_code != _INVALID_CONFIG:
        return Unavailable(f"{description} (code {code}, err_code {err_code})")
    return Refused(code, err_code, description)


def is_missing(error: Refused) -> bool:
    """True if the server knows no such stream, consumer or message."""
    return error.code == _NOT_FOUND
