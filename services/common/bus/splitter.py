"""The NATS client protocol as bytes arrive: messages and control lines out of chunks of any size. Pure.

https://docs.nats.io/reference/reference-protocols/nats-protocol: `MSG subject sid [reply] size`, `HMSG subject sid
[reply] header-size size`, then that many bytes and CRLF; everything else is one line.
"""

from collections.abc import Callable, Sequence

MAX_LINE = 1 << 20
"""INFO of a large cluster is the longest line there is."""
MAX_BODY = 64 << 20
"""nats-server's own upper bound for `max_payload`."""

Message = tuple[int, bytes, bytes, bytes, bytes]
"""Subscription, subject, reply, raw headers and payload."""
OnMessages = Callable[[Sequence[Message]], None]
"""Called with those that came one after the other, one at least."""
OnLine = Callable[[bytes, bytes], None]
"""Called with the operation (`PING`, `PONG`, `INFO`, `-ERR`, `+OK`) and the rest of its line."""

_CRLF = b"\r\n"
_LINES = frozenset({b"PING", b"PONG", b"INFO", b"-ERR", b"+OK"})


class Splitter:
    """Feed it what the socket gives; ValueError for what is not the protocol, after which it must not be fed again."""

    def __init__(self, on_messages: OnMessages, on_line: OnLine) -> None:
        self._on_messages = on_messages
        self._on_line = on_line
        self._line = b""
        self._pieces: list[memoryview] = []
        self._missing = 0
        self._header_size = 0
        self._about = (0, b"", b"")

    def feed(self, data: bytes) -> None:
        """Take a chunk in and call back for whatever is complete with it."""
        if self._line:
            data, self._line = self._line + data, b""
        view, at, end = memoryview(data), 0, len(data)
        while at < end:
            if self._missing:
                at += self._take_body(view[at : at + self._missing])
                continue
            at = self._take_whole(data, at)
            stop = data.find(_CRLF, at)
            if stop < 0:
                self._keep_line(data[at:])
                return
            self._take_line(data[at:stop])
            at = stop + 2

    def _take_whole(self, data: bytes, at: int) -> int:
        """By a short way what is commonest: messages with a reply that are here whole. Where something else begins."""
        found, find, last = list[Message](), data.find, len(data) - 2
        while (stop := find(_CRLF, at)) >= 0:
            words, body = data[at:stop].split(), stop + 2
            if len(words) == 5 and words[0] == b"MSG":
                middle = body
            elif len(words) == 6 and words[0] == b"HMSG":
                middle = body + int(words[4])
            else:
                break
            end = body + int(words[-1])
            if not body <= middle <= end <= last:
                break
            found.append((int(words[2]), words[1], words[3], data[body:middle], data[middle:end]))
            at = end + 2
        if found:
            self._on_messages(found)
        return at

    def _keep_line(self, line: bytes) -> None:
        if len(line) > MAX_LINE:
            raise ValueError("a line without end")
        self._line = line

    def _take_line(self, line: bytes) -> None:
        words = line.split()
        operation = words[0].upper() if words else b""
        if operation in (b"MSG", b"HMSG"):
            self._begin_body(words, 1 if operation == b"HMSG" else 0)
        elif operation in _LINES:
            self._on_line(operation, line[len(operation) :].strip())
        else:
            raise ValueError(f"not the NATS protocol: {line[:100]!r}")

    def _begin_body(self, words: list[bytes], sizes_before: int) -> None:
        if len(words) not in (4 + sizes_before, 5 + sizes_before):
            raise ValueError(f"a message without its sizes: {words[:6]!r}")
        size = int(words[-1])
        self._header_size = int(words[-2]) if sizes_before else 0
        if not 0 <= self._header_size <= size <= MAX_BODY:
            raise ValueError(f"a message of {size} bytes")
        reply = words[3] if len(words) == 5 + sizes_before else b""
        self._about = (int(words[2]), words[1], reply)
        self._missing = size + 2

    def _take_body(self, piece: memoryview) -> int:
        self._pieces.append(piece)
        self._missing -= len(piece)
        if not self._missing:
            pieces, self._pieces = self._pieces, []
            headers, payload = _cut(pieces, self._header_size)
            self._on_messages([(*self._about, headers, payload)])
        return len(piece)


def _cut(pieces: list[memoryview], header_size: int) -> tuple[bytes, bytes]:
    """Headers and payload of a body in pieces; large payloads are copied once."""
    if len(pieces[0]) < header_size or len(pieces[-1]) < 2:
        whole = b"".join(pieces)
        return whole[:header_size], whole[header_size:-2]
    headers = bytes(pieces[0][:header_size])
    pieces[0] = pieces[0][header_size:]
    pieces[-1] = pieces[-1][:-2]
    return headers, b"".join(pieces)
