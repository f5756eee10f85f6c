"""One POST to one address, for URLs that are not ours: nothing is followed, kept open or believed.

Written on a socket and httptools, which is here already: the address that was checked must be the one connected to,
while TLS and `Host` want the name, and every time-out and size is ours to set.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache

import httptools

from services.common.target_address import Target

MOST_ANSWER = 64 * 1024
_DIAL_TIMEOUT_S = 3.0
_BODY_TIMEOUT_S = 1.0
"""The status is known by then; the rest is read so that nobody finds his answer cut off."""
_CLOSE_TIMEOUT_S = 1.0
_READ_BYTES = 16 * 1024
_USUAL_PORTS = {"http": 80, "https": 443}
_FINAL = 200


class PostError(OSError):
    """There was no answer; the words are for the one whose URL it is."""


async def post(
    target: Target,
    addresses: Sequence[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    timeout_s: float,
    tls: ssl.SSLContext | None = None,
) -> int:
    """The status of the answer; of its head and body at most 64 KB are read. Errors: PostError.

    `addresses` are tried in turn; `timeout_s` is for all of it, and a body that goes on for longer changes nothing.
    `tls` stands in for the machine's trust store.
    """
    answer, loop = _Answer(), asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s) as limit:
            reader, writer = await _dial(target, addresses, tls)
            try:
                writer.write(_request(target, headers, body))
                await _read_head(reader, answer)
                limit.reschedule(min(limit.when() or 0.0, loop.time() + _BODY_TIMEOUT_S))
                await _read_body(reader, answer)
            finally:
                await _hang_up(writer)
    except TimeoutError:
        if not answer.has_head:
            raise PostError(f"no answer within {timeout_s:g} s") from None
    except ssl.SSLError as error:
        raise PostError(f"TLS: {error.reason or 'failed'}") from None
    except PostError:
        raise
    except (OSError, EOFError) as error:
        raise PostError(_words(error)) from None
    return int(answer.parser.get_status_code())


async def _dial(
    target: Target, addresses: Sequence[str], tls: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    secure = (tls or _trust()) if target.scheme == "https" else None
    failure: OSError = PostError("the name has no address")
    for address in addresses:
        try:
            async with asyncio.timeout(_DIAL_TIMEOUT_S):
                return await asyncio.open_connection(
                    address,
                    target.port,
                    ssl=secure,
                    server_hostname=target.host if secure else None,
                    limit=_READ_BYTES,
                )
        except ssl.SSLError:
            raise
        except TimeoutError:
            failure = PostError("could not connect in time")
        except OSError as error:
            failure = error
    raise failure


@cache
def _trust() -> ssl.SSLContext:
    """The machine's; to read it takes 20 ms."""
    return ssl.create_default_context()


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    if target.port != _USUAL_PORTS[target.scheme]:
        host = f"{host}:{target.port}"
    fields = {"Host": host, **headers, "Content-Length": str(len(body)), "Connection": "close"}
    for name, value in fields.items():
        if not (name + value).isprintable():
            raise PostError(f"the header {name!r} cannot be sent")
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode() + body


class _Answer:
    """What httptools tells of an answer: whether its final head is over, and its body; and how much of it was read."""

    def __init__(self) -> None:
        self.has_head = False
        self.is_whole = False
        self.is_odd = False
        """Something comes that is no HTTP, or not any more."""
        self.read = 0
        self.parser = httptools.HttpResponseParser(self)

    def on_headers_complete(self) -> None:
        self.has_head = self.parser.get_status_code() >= _FINAL

    def on_message_complete(self) -> None:
        self.is_whole = self.has_head

    async def read_on(self, reader: asyncio.StreamReader) -> bool:
        """Read a little more; False if nothing came, or enough has."""
        chunk = await reader.read(min(_READ_BYTES, MOST_ANSWER - self.read))
        if not chunk:
            return False
        self.read += len(chunk)
        try:
            self.parser.feed_data(chunk)
        except httptools.HttpParserUpgrade:
            return False
        except httptools.HttpParserError:
            self.is_odd = True
        return not self.is_odd and self.read < MOST_ANSWER


async def _read_head(reader: asyncio.StreamReader, answer: _Answer) -> None:
    while not answer.has_head and await answer.read_on(reader):
        pass
    if answer.has_head:
        return
    if answer.is_odd:
        raise PostError("the answer is no HTTP")
    raise PostError("hung up without an answer" if answer.read < MOST_ANSWER else "the answer has no end")


async def _read_body(reader: asyncio.StreamReader, answer: _Answer) -> None:
    with suppress(OSError):  # the status is known; how the body ends changes nothing
        while not answer.is_whole and answer.read < MOST_ANSWER and await answer.read_on(reader):
            pass


async def _hang_up(writer: asyncio.StreamWriter) -> None:
    """At once: what is unread is not wanted, and TLS says no long goodbyes."""
    writer.transport.abort()
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSE_TIMEOUT_S):
            await writer.wait_closed()


def _words(error: BaseException) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionResetError | BrokenPipeError | EOFError):
        return "the connection was cut"
    return getattr(error, "strerror", None) or type(error).__name__
