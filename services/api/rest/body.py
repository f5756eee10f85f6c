"""The body of a request, bounded in bytes and time before anybody looks into it."""

import asyncio

from starlette.requests import Request

from services.api.rest.problem import Problem
from services.api.rest.refusal import Refusal

TIMEOUT_S = 15.0
_MAX_DISCARDED = 16 << 20


async def read_body(request: Request, limit: int) -> bytes:
    """At most `limit` bytes. Refusal: 413, 408."""
    told = request.headers.get("content-length", "0")
    if int(told) > limit + _MAX_DISCARDED:
        raise Refusal(_too_large(limit))
    try:
        async with asyncio.timeout(TIMEOUT_S):
            return await _take(request, limit)
    except TimeoutError:
        raise Refusal(Problem(408, f"the body did not come within {TIMEOUT_S:g} s")) from None


async def _take(request: Request, limit: int) -> bytes:
    """Not more than the limit is kept; some more is read and thrown away, or the refusal would meet a closed ear."""
    body, size = bytearray(), 0
    async for block in request.stream():
        size += len(block)
        if size > limit + _MAX_DISCARDED:
            break
        if size <= limit:
            body += block
    if size > limit:
        raise Refusal(_too_large(limit))
    return bytes(body)


def _too_large(limit: int) -> Problem:
    return Problem(413, f"a body may have {limit} bytes")
