"""Which sites may show a stream. Pure.

An allowed origin is a host name, `*.example.com` for every host below one at any depth (and not that one itself), with
a port where it is not the scheme's own: `localhost:3000`. `example.com` is not `www.example.com`.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def is_shown_by(allowed: Iterable[str], origin: str, referer: str) -> bool:
    """Whether a request with these headers comes from an allowed site. Origin counts, else Referer; neither: no."""
    place = _place(origin or referer)
    return place is not None and any(_matches(pattern, *place) for pattern in allowed)


def _place(header: str) -> tuple[str, str] | None:
    """Host and port of a header's URL; the port is empty if it is the scheme's own."""
    try:
        url = urlsplit(header)
        host, port = (url.hostname or "").lower(), url.port
    except ValueError:
        return None
    if not host:
        return None
    return host, "" if port is None or port == _DEFAULT_PORTS.get(url.scheme) else str(port)


def _matches(pattern: str, host: str, port: str) -> bool:
    name, _, wanted_port = pattern.lower().partition(":")
    if wanted_port != port:
        return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return host == name
