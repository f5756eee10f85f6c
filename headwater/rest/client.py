"""One method a call of the REST API (`/openapi.json` has the fields).

Answers are the API's own JSON objects. Every call raises ApiError or UnreachableError of headwater.errors.
"""

from collections.abc import Iterator
from typing import Any

from headwater.address import checked_tenant, checked_token, default_tenant, default_token, default_url
from headwater.rest.access import Apps, Tenants, Tokens
from headwater.rest.captions import Captions
from headwater.rest.outputs import Outputs, Sessions
from headwater.rest.paging import pages
from headwater.rest.protection import SigningKeys
from headwater.rest.thumbnails import Thumbnails
from headwater.rest.transport import Json, RestTransport, Transport, segment
from headwater.rest.webhooks import Webhooks


class RestClient:
    """The API of one Headwater."""

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        tenant: str | None = None,
        timeout_s: float = 10.0,
    ) -> None:
        """Without arguments: HEADWATER_URL and HEADWATER_TOKEN, else the state folder of this machine.

        The installation's admin token acts in `tenant` (HEADWATER_TENANT), or else in "default".
        """
        chosen = checked_token(default_token() if token is None else token)
        named = checked_tenant(default_tenant() if tenant is None else tenant)
        transport = RestTransport(url or default_url(), chosen, tenant=named, timeout_s=timeout_s)
        self.url = transport.url
        self.livestreams = Livestreams(transport)
        self.media = Media(transport)
        self.captions = Captions(transport)
        self.thumbnails = Thumbnails(transport)
        self.tokens = Tokens(transport)
        self.tenants = Tenants(transport)
        self.apps = Apps(transport)
        self.signing_keys = SigningKeys(transport)
        self.webhooks = Webhooks(transport)
        self.outputs = Outputs(transport)
        self.sessions = Sessions(transport)


class Livestreams:
    """`/v1/livestreams`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, **fields: Any) -> Json:
        """A new livestream, with its inputs (URL and stream key) and playouts."""
        return self._transport.call("POST", "/v1/livestreams", body=fields)

    def list(self, **query: str | None) -> Iterator[Json]:
        """All livestreams, or those with a `name` that contains this, a `state`, `creator` or `appId`."""
        return pages(self._transport, "/v1/livestreams", "livestreams", **query)

    def get(self, livestream: str) -> Json:
        return self._transport.call("GET", _livestream(livestream))

    def update(self, livestream: str, **fields: Any) -> Json:
        """Change the given fields; with `etag`, only if nobody has changed the livestream since it was read."""
        return self._transport.call("PATCH", _livestream(livestream), body=fields)

    def delete(self, livestream: str, *, delete_media: bool = False, end_broadcast: bool = False) -> None:
        """Delete it; with `delete_media`, its recordings too. On air it is refused unless that may end."""
        asked = {"deleteMedia": delete_media, "endBroadcast": end_broadcast}
        query = {name: "true" for name, is_asked in asked.items() if is_asked}
        self._transport.call("DELETE", _livestream(livestream), query=query)

    def activate(self, livestream: str) -> Json:
        """Arm it: it waits for media, and encoders that were refused after an order are admitted again."""
        return self._transport.call("POST", f"{_livestream(livestream)}:activate", body={})

    def idle(self, livestream: str) -> Json:
        """End the broadcast on air at once."""
        return self._transport.call("POST", f"{_livestream(livestream)}:idle", body={})

    def publish(self, livestream: str) -> Json:
        """Let viewers see what arrives, where that waits for an order."""
        return self._transport.call("POST", f"{_livestream(livestream)}:publish", body={})

    def complete(self, livestream: str) -> Json:
        """End playlist and recording now; the encoder keeps its connection for a minute."""
        return self._transport.call("POST", f"{_livestream(livestream)}:complete", body={})

    def enable(self, livestream: str) -> Json:
        return self._transport.call("POST", f"{_livestream(livestream)}:enable", body={})

    def disable(self, livestream: str) -> Json:
        """Refuse encoders and end the broadcast on air."""
        return self._transport.call("POST", f"{_livestream(livestream)}:disable", body={})

    def rotate_keys(self, livestream: str) -> Json:
        """New keys; who uses an old one is cut off."""
        return self._transport.call("POST", f"{_livestream(livestream)}:rotateKeys", body={})

    def history(self, livestream: str, **query: str | None) -> Iterator[Json]:
        """States entered and what was noted, newest first.

        Or what is `after` or `before`, has one of the `states`, this `reason` or `broadcastId`; sorted by `orderBy`.
        """
        return pages(self._transport, f"{_livestream(livestream)}/history", "entries", **query)

    def broadcasts(self, livestream: str, **query: str | None) -> Iterator[Json]:
        """Its broadcasts, newest first; or those begun `after` or `before` or in one of the `states`; by `orderBy`."""
        return pages(self._transport, f"{_livestream(livestream)}/broadcasts", "broadcasts", **query)

    def broadcast(self, livestream: str, broadcast: str) -> Json:
        return self._transport.call("GET", f"{_livestream(livestream)}/broadcasts/{segment(broadcast)}")

    def samples(self, livestream: str, instance: str) -> Iterator[Json]:
        """Readings of one instance, newest first."""
        return pages(self._transport, f"{_livestream(livestream)}/statistics/{segment(instance)}", "samples")

    def statistics(self, livestream: str) -> Json:
        """The present figures: {primary, secondary, sum}."""
        return self._transport.call("GET", f"{_livestream(livestream)}/statistics")


class Media:
    """`/v1/media`: recordings."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, *, livestream: str | None = None, **query: str | None) -> Iterator[Json]:
        """All recordings, or those of one livestream, or with a `state`, `name` or `creator`."""
        return pages(self._transport, "/v1/media", "media", livestreamId=livestream, **query)

    def get(self, media: str) -> Json:
        return self._transport.call("GET", _media(media))

    def update(self, media: str, **fields: Any) -> Json:
        return self._transport.call("PATCH", _media(media), body=fields)

    def delete(self, media: str, *, permanent: bool = False) -> None:
        """Delete it; it can be restored for a time, unless it is to be gone for good."""
        self._transport.call("DELETE", _media(media), query={"permanent": "true"} if permanent else {})

    def restore(self, media: str) -> Json:
        """Bring a deleted one back."""
        return self._transport.call("POST", f"{_media(media)}:restore", body={})

    def clip(self, media: str, **fields: Any) -> Json:
        """A piece of it from `start` to `end` ("12.5s") as a media of its own."""
        return self._transport.call("POST", f"{_media(media)}:clip", body=fields)

    def delete_download(self, media: str, file_format: str) -> None:
        self._transport.call("DELETE", f"{_media(media)}/downloads/{segment(file_format)}")

    def order_download(self, media: str, file_format: str = "MP4") -> Json:
        """Order a file (MP4 or M4A); asking again answers with the one that is there or in work."""
        return self._transport.call("POST", f"{_media(media)}/downloads", body={"format": file_format})

    def downloads(self, media: str) -> Iterator[Json]:
        """Its files, made and in work: one for each format at most, so there are no pages."""
        yield from self._transport.call("GET", f"{_media(media)}/downloads").get("downloads", [])

    def fetch(self, url: str) -> Iterator[bytes]:
        """The bytes of a download's `url`, in blocks."""
        return self._transport.blocks(url)


def _livestream(identifier: str) -> str:
    return f"/v1/livestreams/{segment(identifier)}"


def _media(identifier: str) -> str:
    return f"/v1/media/{segment(identifier)}"
