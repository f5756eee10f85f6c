"""OAuth2's client credentials grant (RFC 6749 section 4.4): client id and secret in, an access token out.

The client id is the token's id, or "admin". There are no refresh tokens: who has the secret asks again.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

import orjson
from starlette.requests import Request
from starlette.responses import Response

from services.api.authenticator import Authenticator
from services.api.client_address import client_address
from services.api.credentials import Credential, read_authorization
from services.api.id_guard import bare_id
from services.api.rest.body import read_body
from services.api.rest.problem import problem_of
from services.api.rest.sender import sender_of
from services.api.tenancy import Tenancy
from services.common.errors import AppError, Kind
from services.common.proxies import Proxies

_PATH = re.compile(r"/streamdiver/realms/([^/]{1,64})/protocol/openid-connect/token")
_GRANT = "client_credentials"
_MAX_FORM = 16 << 10
_HEADERS = {"Cache-Control": "no-store", "Pragma": "no-cache", "X-Content-Type-Options": "nosniff"}


class OAuthError(Exception):
    """An error of section 5.2, by its code there."""

    def __init__(self, code: str, detail: str, status: int = 400, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status = status
        self.headers = headers or {}


class TokenEndpoint:
    """Answers at each tenant's token URL."""

    def __init__(self, authenticator: Authenticator, tenancy: Tenancy, proxies: Proxies | None = None) -> None:
        self._authenticator = authenticator
        self._tenancy = tenancy
        self._proxies = proxies or Proxies()

    async def answer(self, request: Request, _request_id: str) -> Response | None:
        """None for another path."""
        found = _PATH.fullmatch(request.scope["path"])
        if found is None:
            return None
        try:
            return _json(200, await self._grant(request, bare_id(found[1])))
        except OAuthError as error:
            content = {"error": error.code, "error_description": error.detail}
            return _json(error.status, content, error.headers)

    async def _grant(self, request: Request, tenant: str) -> dict[str, Any]:
        if request.method != "POST":
            raise OAuthError("invalid_request", "only POST is possible here", 405, {"Allow": "POST"})
        form = await _read_form(request)
        shown = _client(request.headers.get("authorization", ""), form)
        if "grant_type" not in form:
            raise OAuthError("invalid_request", "grant_type is missing")
        if form["grant_type"] != _GRANT:
            raise OAuthError("unsupported_grant_type", f"only {_GRANT} is possible")
        address = client_address(sender_of(request, "").context, self._proxies)
        try:
            who = await self._authenticator.identify(shown, address)
            access = await self._authenticator.grant(shown, await self._tenancy.place(who, tenant, ""))
        except AppError as error:
            raise _of(error) from error
        return {"access_token": access.token, "token_type": "Bearer", "expires_in": access.lasts_s}


async def _read_form(request: Request) -> dict[str, str]:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await read_body(request, _MAX_FORM)
    if kind != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "the body must be application/x-www-form-urlencoded")
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=False, max_num_fields=32)
    except ValueError:
        raise OAuthError("invalid_request", "the body is no form") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError("invalid_request", "a parameter is given twice")
    return form


def _client(header: str, form: Mapping[str, str]) -> Credential:
    """Who asks: by Basic, whose halves are form-encoded (section 2.3.1), or by two parameters; not by both."""
    if header and "client_secret" in form:
        raise OAuthError("invalid_request", "the client is named twice: in the header and in the body")
    if header:
        shown = read_authorization(header)
        if shown is None or not shown.token_id:
            raise _unknown()
        return Credential(unquote_plus(shown.secret), unquote_plus(shown.token_id))
    if not form.get("client_id") or not form.get("client_secret"):
        raise _unknown()
    return Credential(form["client_secret"], form["client_id"])


def _of(error: AppError) -> OAuthError:
    if error.kind in {Kind.UNAUTHENTICATED, Kind.FORBIDDEN, Kind.NOT_FOUND}:
        return _unknown()
    problem = problem_of(error)
    code = "temporarily_unavailable" if error.kind in {Kind.LIMIT, Kind.UNAVAILABLE} else "server_error"
    return OAuthError(code, error.detail, problem.status, problem.headers)


def _unknown() -> OAuthError:
    """One answer to a wrong id, a wrong secret and another tenant's realm."""
    headers = {"WWW-Authenticate": 'Basic realm="headwater"'}
    return OAuthError("invalid_client", "the client is not known in this realm", 401, headers)


def _json(status: int, content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(
        orjson.dumps(content), status, media_type="application/json", headers=_HEADERS | dict(headers or {})
    )
