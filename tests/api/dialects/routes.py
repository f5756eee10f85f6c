"""Every route of the dialects, and a request to it."""

import re
from dataclasses import dataclass
from itertools import count
from typing import Any

import httpx

from services.api.dialects.endpoint import Dialect, Endpoint
from services.api.dialects.spoken import DIALECTS
from tests.api.belongings import Belongings
from tests.api.dialects.rights import RIGHTS, Row

_address = (f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}" for number in count(1))


@dataclass(frozen=True)
class Route:
    """One way to one endpoint."""

    dialect: Dialect
    base: str
    endpoint: Endpoint

    @property
    def name(self) -> str:
        return f"{self.endpoint.verb} {self.base}{self.endpoint.path}"

    @property
    def row(self) -> Row:
        return RIGHTS[self.dialect.name][f"{self.endpoint.verb} {self.endpoint.path}"]

    @property
    def variables(self) -> set[str]:
        """Of the path, without the one that names the tenant."""
        return set(re.findall(r"\{(\w+)\}", self.endpoint.path))

    def path(self, tenant: str, ids: dict[str, str]) -> str:
        values = {"language": "en", "meeting": "m", "watermark": "w", "audio": "a"} | ids
        return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], tenant), self.base + self.endpoint.path)


ROUTES = [Route(dialect, base, each) for dialect in DIALECTS for base in dialect.bases for each in dialect.endpoints]


def ids_of(route: Route, what: Belongings) -> dict[str, str]:
    """What stands for the variables of a path, where all of it is of one tenant."""
    path = route.endpoint.path
    one = what.webhook if "/webhooks" in path else what.signing_key if path.startswith("/keys") else what.livestream
    return {"id": one, "output": what.output, "session": what.livestream, "app": "default"}


def send(client: httpx.Client, route: Route, tenant: str, ids: dict[str, str]) -> httpx.Response:
    """A good request, each from another address: one may not try unknown tokens for ever."""
    body = route.row.body
    if isinstance(body, dict):
        body = {name: ids["id"] if value == "{id}" else value for name, value in body.items()}
    content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {"X-Forwarded-For": next(_address)}
    return client.request(route.endpoint.verb, route.path(tenant, ids), headers=headers, **content)
