"""Who may do what: tenants, apps and tokens."""

from collections.abc import Iterator
from typing import Any

from headwater.rest.paging import pages
from headwater.rest.transport import Json, Transport, segment


class Tenants:
    """`/v1/tenants`: customers of this installation, who cannot see each other; needs the admin token."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, tenant: str | None = None, **fields: Any) -> Json:
        """A new tenant; without an id one is drawn."""
        return self._transport.call("POST", "/v1/tenants", body=fields | ({"id": tenant} if tenant else {}))

    def list(self, **query: str | None) -> Iterator[Json]:
        """All, or those with a `name` that contains this, made `after` or `before`; sorted by `orderBy`."""
        return pages(self._transport, "/v1/tenants", "tenants", **query)

    def get(self, tenant: str) -> Json:
        return self._transport.call("GET", f"/v1/tenants/{segment(tenant)}")

    def update(self, tenant: str, **fields: Any) -> Json:
        """Change the given fields; with `etag`, only if nobody has changed the tenant since it was read."""
        return self._transport.call("PATCH", f"/v1/tenants/{segment(tenant)}", body=fields)

    def delete(self, tenant: str) -> None:
        """Delete an empty tenant, with its tokens and apps."""
        self._transport.call("DELETE", f"/v1/tenants/{segment(tenant)}")


class Apps:
    """`/v1/apps`: parts of the token's tenant."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, app: str | None = None, *, name: str = "") -> Json:
        """A new app; without an id one is drawn."""
        return self._transport.call("POST", "/v1/apps", body={"name": name} | ({"id": app} if app else {}))

    def list(self, **query: str | None) -> Iterator[Json]:
        """All, or those with a `name` that contains this, made `after` or `before`; sorted by `orderBy`."""
        return pages(self._transport, "/v1/apps", "apps", **query)

    def get(self, app: str) -> Json:
        return self._transport.call("GET", f"/v1/apps/{segment(app)}")

    def delete(self, app: str) -> None:
        """Delete an empty app."""
        self._transport.call("DELETE", f"/v1/apps/{segment(app)}")


class Tokens:
    """`/v1/tokens`: keys to the API of one tenant; needs admin scope."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, name: str, scope: str = "WRITE", *, expire_time: str | None = None) -> Json:
        """A new token of scope READ, WRITE or ADMIN; only this answer carries its `secret`.

        `expire_time` (RFC 3339) is when it is no longer accepted.
        """
        ends = {"expireTime": expire_time} if expire_time else {}
        return self._transport.call("POST", "/v1/tokens", body={"name": name, "scope": scope} | ends)

    def list(self, **query: str | None) -> Iterator[Json]:
        """All, or those with a `name` that contains this or of a `scope`, made `after` or `before`; by `orderBy`."""
        return pages(self._transport, "/v1/tokens", "tokens", **query)

    def delete(self, token: str) -> None:
        """From now on it opens nothing, nor do access tokens that were given for it."""
        self._transport.call("DELETE", f"/v1/tokens/{segment(token)}")
