"""A client that sends any bytes and takes answers apart by itself, so that the server's own parser is not its judge."""

import asyncio
from dataclasses import dataclass
from typing import Self

DEADLINE_S = 10.0


@dataclass(frozen=True)
class Answer:
    """One response as it came; repeated headers are joined by a comma."""

    status: int
    headers: dict[str, str]
    body: bytes


class RawClient:
    """One TCP connection; every read has a deadline."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=64 * 1024))

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    def get(self, target: str, *lines: str, method: str = "GET") -> None:
        head = [f"{method} {target} HTTP/1.1", "Host: test", *lines, "", ""]
        self.send("\r\n".join(head).encode())

    async def answer(self, method: str = "GET") -> Answer:
        """The next response, whole."""
        async with asyncio.timeout(DEADLINE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            status, headers = parse_head(head)
            if method == "HEAD" or status in (204, 304):
                return Answer(status, headers, b"")
            if headers.get("transfer-encoding") == "chunked":
                return Answer(status, headers, await self._chunks())
            if "content-length" not in headers:
                return Answer(status, headers, await self.reader.read())
            return Answer(status, headers, await self.reader.readexactly(int(headers["content-length"])))

    async def rest(self) -> bytes:
        """Everything until the server closes."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.reader.read()

    async def _chunks(self) -> bytes:
        body = b""
        while size := int(await self.reader.readuntil(b"\r\n"), 16):
            body += await self.reader.readexactly(size)
            assert await self.reader.readexactly(2) == b"\r\n"
        assert await self.reader.readexactly(2) == b"\r\n"
        return body

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except ConnectionError:
            return  # the server was first


def parse_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    version, status, _ = first.split(" ", 2)
    assert version == "HTTP/1.1"
    headers: dict[str, str] = {}
    for line in lines:
        name, separator, value = line.partition(": ")
        assert separator
        assert name == name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return int(status), headers


def split_answers(data: bytes) -> list[Answer]:
    """All responses in a byte stream of answers that tell their length."""
    answers = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        status, headers = parse_head(head + b"\r\n\r\n")
        size = int(headers.get("content-length", "0"))
        assert len(data) >= size
        answers.append(Answer(status, headers, data[:size]))
        data = data[size:]
    return answers
