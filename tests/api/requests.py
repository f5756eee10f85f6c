"""A request to any route of REST, well-formed as far as one can tell without the thing that it is about."""

import re

import httpx
import orjson

from services.api.rest.routes import Route

UNKNOWN = "0" * 32
"""An id that nothing has."""

_NEEDED = {"CreateDownload": {"format": "MP4"}, "ClipMedia": {"start": "0s", "end": "1s"}}
_VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n"


def path_of(route: Route, identifier: str = UNKNOWN) -> str:
    chosen = {"language": "en", "instance": "primary", "format": "MP4"}
    return re.sub(r"\{([\w.]+)\}", lambda found: chosen.get(found[1], identifier), route.template.text)


def content_of(route: Route) -> bytes:
    if route.takes_raw:
        return _VTT if "captions" in route.template.text else b"x"
    return orjson.dumps(_NEEDED.get(route.descriptor.name, {})) if route.body else b""


def kind_of(route: Route) -> str:
    return "text/vtt" if route.takes_raw else "application/json"


def send(client: httpx.Client, route: Route, identifier: str = UNKNOWN) -> httpx.Response:
    headers = {"Content-Type": kind_of(route)} if route.body else {}
    return client.request(route.verb, path_of(route, identifier), content=content_of(route), headers=headers)
