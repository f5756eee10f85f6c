"""Byte ranges (RFC 9110, 14): one range of a body, out of one piece or many. Pure."""

import re
from typing import NamedTuple

from services.packager.http.stream import Buffer, Buffers

_ONE = re.compile(r"bytes[ \t]*=[ \t,]*([0-9]{0,19})-([0-9]{0,19})[ \t,]*", re.IGNORECASE)


class Span(NamedTuple):
    """Bytes `start` up to, not including, `stop`."""

    start: int
    stop: int


class Unsatisfiable(ValueError):  # noqa: N818  the word of the specification
    """The range lies outside of the body: the answer is 416."""


def parse_range(field: str, length: int) -> Span | None:
    """The one range that a Range field asks of `length` bytes, cut to what there is.

    None if the field is to be ignored: another unit, no valid syntax, or several ranges, which we answer with the
    whole (RFC 9110, 14.2 allows it, and it keeps a request for a thousand slices cheap). Raises Unsatisfiable.
    """
    match = _ONE.fullmatch(field)
    if match is None or match[0] == "" or (not match[1] and not match[2]):
        return None
    if not match[1]:
        start, stop = max(0, length - int(match[2])), length
    else:
        start = int(match[1])
        last = int(match[2]) if match[2] else length - 1
        if match[2] and last < start:
            return None
        stop = min(last + 1, length)
    if start >= stop:
        raise Unsatisfiable
    return Span(start, stop)


def cut(body: Buffers, span: Span) -> list[Buffer]:
    """The bytes of `span` out of a body in pieces, without copying them."""
    pieces: list[Buffer] = []
    position = 0
    for piece in body:
        start, stop = max(span.start - position, 0), min(span.stop - position, len(piece))
        if start < stop:
            pieces.append(memoryview(piece)[start:stop])
        position += len(piece)
    return pieces
