"""HTTP/1.1 answers taken off a byte stream as cheaply as it goes: a head is looked at once, a body is only counted."""

import re

_STATUS = re.compile(rb"HTTP/1\.1 (\d{3})")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_MAX_HEAD = 16_384


class BrokenAnswerError(Exception):
    """What came is no answer that says its length."""


class AnswerReader:
    """Reads the answers of one connection one after the other. With `keep`, bodies are collected too."""

    __slots__ = ("_head", "_left", "body", "keep", "status")

    def __init__(self) -> None:
        self.status = 0
        self.keep = False
        self.body = bytearray()
        """Of the answer being read, if it is kept."""
        self._head = b""
        self._left = -1

    def receive(self, data: memoryview) -> bool:
        """Take bytes; True if they end an answer. Only one answer may be outstanding: no byte may follow it."""
        if self._left < 0:
            rest = self._receive_head(data)
            if rest is None:
                return False
            data = rest
        self._left -= len(data)
        if self._left < 0:
            raise BrokenAnswerError("more bytes than the answer has")
        if self.keep:
            self.body += data
        if self._left:
            return False
        self._left = -1
        return True

    def _receive_head(self, data: memoryview) -> memoryview | None:
        start = self._head + bytes(data[:_MAX_HEAD])
        end = start.find(b"\r\n\r\n")
        if end < 0:
            if len(start) >= _MAX_HEAD:
                raise BrokenAnswerError("the head of the answer has no end")
            self._head = start
            return None
        status, length = _STATUS.match(start), _LENGTH.search(start, 0, end + 2)
        if status is None:
            raise BrokenAnswerError(f"no status line: {start[:40]!r}")
        self.status = int(status[1])
        if length is None and self.status != 204:
            raise BrokenAnswerError(f"an answer {self.status} without a length")
        self._left = int(length[1]) if length else 0
        self.body.clear()
        taken = end + 4 - len(self._head)
        self._head = b""
        return data[taken:]
