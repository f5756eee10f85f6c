"""`/.well-known/webhooks.json`: the public half of what signs RealtimeKit's and Dyte's webhooks. Needs no token.

It stands below each of their bases, where their clients look, and at the root for the first tenant, as Dyte had it.
"""

import re

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.api.caller import DEFAULT
from services.api.id_guard import bare_id
from services.api.records import Records
from services.api.webhooks.rsa_keys import RsaKeys
from services.common.errors import AppError, Kind

_PATH = re.compile(
    r"(?:/cloudflare/client/v4/accounts/(?P<account>[^/]{1,64})/realtime/kit(?:/[^/]{1,64})?|/dyte(?:/v2)?)?"
    r"/\.well-known/webhooks\.json"
)
_HEADERS = {"Cache-Control": "public, max-age=300", "X-Content-Type-Options": "nosniff"}


class WellKnownKeys:
    """A door of the HTTP edge."""

    def __init__(self, keys: RsaKeys, records: Records) -> None:
        self._keys = keys
        self._records = records

    async def answer(self, request: Request, _request_id: str) -> Response | None:
        """None for another path. AppError(NOT_FOUND) for a tenant that is not there: nothing is made for strangers."""
        found = _PATH.fullmatch(request.scope["path"])
        if found is None:
            return None
        if request.method not in {"GET", "HEAD"}:
            return Response(status_code=405, headers=_HEADERS | {"Allow": "GET, HEAD"})
        tenant = bare_id(found["account"] or DEFAULT)
        if tenant != DEFAULT and await self._records.tenants.get(tenant) is None:
            raise AppError(Kind.NOT_FOUND, f"there is no tenant {tenant}")
        document = await self._keys.document(tenant)
        return Response(orjson.dumps(document), media_type="application/json", headers=_HEADERS)
