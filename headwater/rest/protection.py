"""Who may watch: signing keys, and tokens made with them."""

from collections.abc import Iterator
from typing import Any

from headwater.rest.paging import pages
from headwater.rest.transport import Json, Transport, segment


class SigningKeys:
    """`/v1/signingKeys`: RSA keys with which you sign playback tokens yourself."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self) -> Json:
        """A new key; only this answer carries its private half, as `pem` and `jwk`, both in base64."""
        return self._transport.call("POST", "/v1/signingKeys", body={})

    def list(self, **query: str | None) -> Iterator[Json]:
        """All, or those made `after` or `before`; sorted by `orderBy`."""
        return pages(self._transport, "/v1/signingKeys", "signingKeys", **query)

    def revoke(self, key: str) -> None:
        """All tokens that were signed with it are refused within 2 seconds, in mid-view too."""
        self._transport.call("DELETE", f"/v1/signingKeys/{segment(key)}")

    def playback_token(self, of: str, **fields: Any) -> Json:
        """A token for a livestream, a broadcast or a media: `{token, expireTime}`.

        It is signed with the tenant's own key unless `signingKeyId` and `pem` are given. In playback URLs it takes the
        place of the id, or goes behind it as `?token=`. `expireTime` is at most 24 hours away, unset in an hour.
        """
        return self._transport.call("POST", f"/v1/media/{segment(of)}/playbackTokens", body=fields)
