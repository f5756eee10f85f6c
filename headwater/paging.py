"""What the generated calls need beside their messages: lists page after page, and the mask of an update."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

_PAGE_SIZE = 200


def pages(call: Callable[[Any], Any], request: Message, listed: str) -> Iterator[Any]:
    """All that is listed; the next page is asked for when it is needed."""
    asked: Message | None = request
    while asked is not None:
        answer = call(_sized(asked))
        yield from getattr(answer, listed)
        asked = _next(asked, answer)


async def async_pages(call: Callable[[Any], Awaitable[Any]], request: Message, listed: str) -> AsyncIterator[Any]:
    """As `pages`, for `async for`."""
    asked: Message | None = request
    while asked is not None:
        answer = await call(_sized(asked))
        for each in getattr(answer, listed):
            yield each
        asked = _next(asked, answer)


def mask(clear: Iterable[str], **given: Any) -> FieldMask:
    """The fields that are given, and those that are to go back to their defaults."""
    return FieldMask(paths=[*(name for name, value in given.items() if value is not None), *clear])


def _sized(request: Any) -> Any:
    if "page_size" in request.DESCRIPTOR.fields_by_name:
        request.page_size = _PAGE_SIZE
    return request


def _next(request: Any, answer: Any) -> Message | None:
    """The request for the page behind; None where this was the last one, or the list has no pages."""
    token = getattr(answer, "next_page_token", "")
    if not token:
        return None
    following = type(request)()
    following.CopyFrom(request)
    following.page_token = token
    return following  # type: ignore[no-any-return]  # of the request's type
