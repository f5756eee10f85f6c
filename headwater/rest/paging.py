"""Lists of the API, page after page."""

from collections.abc import Iterator

from headwater.rest.transport import Json, Transport

_PAGE_SIZE = 200


def pages(transport: Transport, path: str, plural: str, **query: str | None) -> Iterator[Json]:
    """All members of a list; the next page is asked for when it is needed."""
    token = None
    while True:
        page = transport.call("GET", path, query={**query, "pageSize": _PAGE_SIZE, "pageToken": token})
        yield from page.get(plural, [])
        token = page.get("nextPageToken")
        if not token:
            return
