"""What happens, said to your own servers: webhooks and the log of what they were sent."""

from collections.abc import Iterator
from typing import Any

from headwater.rest.paging import pages
from headwater.rest.transport import Json, Transport, segment


class Webhooks:
    """`/v1/webhooks`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, url: str, **fields: Any) -> Json:
        """A new webhook with the `secret` that signs what it is sent; `format` is NATIVE unless another is given."""
        return self._transport.call("POST", "/v1/webhooks", body={"url": url, **fields})

    def list(self, **query: str | None) -> Iterator[Json]:
        """All, or those with a `name` that contains this, that are `enabled`, that hear of an `event` or a
        `livestreamId`, of a `format`, made `after` or `before`; sorted by `orderBy`.
        """
        return pages(self._transport, "/v1/webhooks", "webhooks", **query)

    def get(self, webhook: str) -> Json:
        return self._transport.call("GET", _webhook(webhook))

    def update(self, webhook: str, **fields: Any) -> Json:
        """Change the given fields; with `etag`, only if nobody has changed the webhook since it was read."""
        return self._transport.call("PATCH", _webhook(webhook), body=fields)

    def delete(self, webhook: str) -> None:
        """Delete it and its log; what waits to be sent is not sent."""
        self._transport.call("DELETE", _webhook(webhook))

    def ping(self, webhook: str) -> Json:
        """Send it a ping; the delivery as it was ordered."""
        return self._transport.call("POST", f"{_webhook(webhook)}:ping", body={})

    def deliveries(self, webhook: str, **query: str | None) -> Iterator[Json]:
        """What was sent to it and what waits, newest first; `state` is PENDING, DELIVERED or FAILED.

        Or what is of an `event` or a `livestreamId`, ordered `after` or `before`; sorted by `orderBy`.
        """
        return pages(self._transport, f"{_webhook(webhook)}/deliveries", "deliveries", **query)

    def resend(self, webhook: str, delivery: str) -> Json:
        """Send a delivery once more, under the same id."""
        path = f"{_webhook(webhook)}/deliveries/{segment(delivery)}:resend"
        return self._transport.call("POST", path, body={})


def _webhook(identifier: str) -> str:
    return f"/v1/webhooks/{segment(identifier)}"
