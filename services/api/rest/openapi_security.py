"""How a caller may show who he is, as OpenAPI says it. Pure."""

from typing import Any

_TOKEN_URL = "/streamdiver/realms/default/protocol/openid-connect/token"  # noqa: S105  where tokens are given

SCHEMES: dict[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token's secret, or an access token of OAuth2."},
    "basic": {
        "type": "http",
        "scheme": "basic",
        "description": "A token's id and its secret; for the admin token the user is `admin`.",
    },
    "authEmail": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Auth-Email",
        "description": "Whatever address; it says nothing.",
    },
    "authKey": {"type": "apiKey", "in": "header", "name": "X-Auth-Key", "description": "A token's secret."},
    "clientCredentials": {
        "type": "oauth2",
        "description": "A token's id and secret as client; the realm in the URL is the tenant.",
        "flows": {"clientCredentials": {"tokenUrl": _TOKEN_URL, "scopes": {}}},
    },
}

REQUIREMENTS: list[dict[str, list[str]]] = [
    {"token": []},
    {"basic": []},
    {"authEmail": [], "authKey": []},
    {"clientCredentials": []},
]
"""One of these is enough."""
