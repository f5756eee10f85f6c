"""A request to any route of REST, well-formed as far as guards look."""

import re

import httpx

from services.api.rest.routes import Route

UNKNOWN = "0" * 32
"""An id that nothing has."""


def path_of(route: Route, identifier: str = UNKNOWN) -> str:
    chosen = {"language": "en", "instance": "primary", "format": "MP4"}
    return re.sub(r"\{([\w.]+)\}", lambda found: chosen.get(found[1], identifier), route.template.text)


def send(client: httpx.Client, route: Route, identifier: str = UNKNOWN) -> httpx.Response:
    """A request that is well-formed as far as guards look."""
    if route.takes_raw:
        return client.request(route.verb, path_of(route, identifier), content=b"x")
    return client.request(route.verb, path_of(route, identifier), json={} if route.body else None)
