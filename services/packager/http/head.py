"""Request heads out of a byte stream (RFC 9112), strict, bounded, and cheap for a client that asks again.

A player sends the same header section with every request, and so do all players of one kind. So the request line is
read here, and the header section goes through llhttp only if its bytes were not seen before.
"""

import re
from typing import Final

import httptools

from services.packager.http.fields import Fields
from services.packager.http.limits import FIELDS_BYTES, LINE_BYTES, TARGET_BYTES
from services.packager.http.refusals import Refused
from services.packager.http.request import Request

_LINE = re.compile(rb"([A-Z]{1,32}) ([!-~]+) HTTP/([0-9])\.([0-9])")
_ROUTINE_LINE = re.compile(rb"GET (/[!-~]*) HTTP/1\.1")
_ABSOLUTE = re.compile(rb"https?://[^/?#]+", re.IGNORECASE)
_END = b"\r\n\r\n"

KNOWN_SECTIONS: Final = 1024
KNOWN_SECTION_BYTES: Final = 2048  # so what is remembered stays within a few MB whatever clients send


class HeadReader:
    """Takes requests off the front of buffers. One serves all connections of a process: it keeps no partial head."""

    __slots__ = ("_known", "_section")

    def __init__(self) -> None:
        self._known: dict[bytes, Fields] = {}
        self._section = _Section()

    def recall(self, data: bytes, peer: str) -> Request | None:
        """The request if `data` is exactly one GET whose header section is known, else None: then `take` decides."""
        line_end = data.find(b"\r\n")
        fields = self._known.get(data[line_end:])
        if fields is None:
            return None
        line = _ROUTINE_LINE.fullmatch(data, 0, line_end)
        if line is None:
            return None
        target = line[1]
        return Request("GET", target, fields, peer) if len(target) <= TARGET_BYTES else None

    def take(self, buffer: bytearray, peer: str) -> Request | None:
        """Cut the first request off `buffer`, or None if it is not whole yet.

        Raises Refused (400, 414, 431, 505); the connection cannot be read further then. How the bytes were split on
        the way changes neither the requests nor the refusal.
        """
        while buffer.startswith(b"\r\n"):  # RFC 9112, 2.2: empty lines before a request are ignored
            del buffer[:2]
        line_end = _find_line_end(buffer)
        if line_end < 0:
            return None
        method, target, minor = _read_line(buffer, line_end)
        end = _find_end(buffer, line_end)
        if end < 0:
            return None
        fields = self._read_section(bytes(buffer[line_end:end]))
        del buffer[:end]
        if minor and fields.host_count != 1:  # RFC 9112, 3.2
            raise Refused(400)
        return Request(method, target, fields, peer, is_http10=minor == 0)

    def _read_section(self, section: bytes) -> Fields:
        known = self._known.get(section)
        if known is not None:
            return known
        fields = self._section.read(section)
        if fields.host_count == 1 and not fields.has_body and len(section) <= KNOWN_SECTION_BYTES:
            if len(self._known) >= KNOWN_SECTIONS:
                self._known.clear()
            self._known[section] = fields
        return fields


class _Section:
    """Has llhttp check a header section: behind a request line of ours, so that only the section can be wrong."""

    __slots__ = ("_ends", "_lines", "_messages", "_parser")

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._lines: list[tuple[bytes, bytes]] = []
        self._ends = 0
        self._messages = 0

    def read(self, section: bytes) -> Fields:
        """`section` begins with the CRLF of the request line and ends with the empty line. Raises Refused(400)."""
        self._lines, self._ends, self._messages = [], 0, 0
        try:
            self._parser.feed_data(b"GET / HTTP/1.1" + section)
        except httptools.HttpParserUpgrade:
            self._renew()  # an upgrade may be ignored (RFC 9110, 7.8)
        except httptools.HttpParserError:
            self._renew()
            raise Refused(400) from None
        if self._ends != 1:
            self._renew()
            raise Refused(400)
        fields = Fields(self._lines, has_body=self._messages == 0)
        if fields.has_body or fields.closes:
            self._renew()
        return fields

    def _renew(self) -> None:
        self._parser = httptools.HttpRequestParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        self._ends += 1

    def on_message_complete(self) -> None:
        self._messages += 1


def _find_line_end(buffer: bytearray) -> int:
    """Where the request line's CRLF stands, -1 if it is not there yet."""
    if not buffer or buffer == b"\r":
        return -1
    if not ord("A") <= buffer[0] <= ord("Z"):  # TLS, or noise: say so before a line is whole
        raise Refused(400)
    end = buffer.find(b"\n", 0, LINE_BYTES)
    if end < 0 and len(buffer) >= LINE_BYTES:
        raise Refused(414)
    if end >= 0 and buffer[end - 1] != ord("\r"):
        raise Refused(400)
    return end - 1 if end >= 0 else -1


def _read_line(buffer: bytearray, line_end: int) -> tuple[str, bytes, int]:
    line = _LINE.fullmatch(buffer, 0, line_end)
    if line is None:
        raise Refused(400)
    method, target, major, minor = line.groups()
    if major != b"1":
        raise Refused(505)
    if len(target) > TARGET_BYTES:
        raise Refused(414)
    return method.decode("ascii"), _origin_form(bytes(target), method), int(minor)


def _origin_form(target: bytes, method: bytes) -> bytes:
    """RFC 9112, 3.2: a server takes the absolute form too; the asterisk stands for the whole server."""
    if target.startswith(b"/") or (target == b"*" and method == b"OPTIONS"):
        return target
    absolute = _ABSOLUTE.match(target)
    if absolute is None:
        raise Refused(400)
    rest = target[absolute.end() :]
    return rest if rest.startswith(b"/") else b"/" + rest


def _find_end(buffer: bytearray, line_end: int) -> int:
    """Behind the empty line that ends the head, -1 if it is not there yet."""
    limit = line_end + FIELDS_BYTES + len(_END)
    end = buffer.find(_END, line_end, limit)
    if end < 0 and len(buffer) >= limit:
        raise Refused(431)
    return end + len(_END) if end >= 0 else -1
