"""HTTP questions that a measurement asks now and then, where speed does not matter."""

import http.client
import time
import urllib.error
import urllib.request
from typing import NamedTuple
from urllib.parse import urljoin

from tests.bench.edge import read_edge, renditions

_BEGIN_S = 40.0
_TIMEOUT_S = 10.0


class Answer(NamedTuple):
    """An answer, whatever its status."""

    status: int
    body: bytes


def fetch(url: str) -> Answer:
    """GET. OSError if nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:  # noqa: S310  loopback, and our own
            return Answer(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.read())


def live_playlists(origin: str, livestream: str, *, at_least_segments: int) -> list[str]:
    """URLs of a livestream's media playlists, picture first, once so many segments are closed. TimeoutError."""
    multivariant = f"{origin}/{livestream}/index.m3u8"
    deadline = time.monotonic() + _BEGIN_S
    while time.monotonic() < deadline:
        time.sleep(0.3)
        try:
            answer = fetch(multivariant)
            if answer.status != 200:
                continue
            urls = [urljoin(multivariant, uri) for uri in renditions(answer.body)]
            if len(read_edge(fetch(urls[0]).body).segments) >= at_least_segments:
                return urls
        except (OSError, ValueError, http.client.HTTPException):
            continue
    raise TimeoutError(f"{multivariant} was not live within {_BEGIN_S:g} s")
