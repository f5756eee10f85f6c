"""The player page and what it is made of: files beside the code, read once."""

import re
from pathlib import Path

from services.packager.http import Response
from services.packager.origin import answers

STATIC = Path(__file__).parents[1] / "static"

POLICY = (
    "default-src 'self'; media-src 'self' blob:; img-src 'self' data: http: https:; "
    "style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors "
)
"""hls.js feeds the player from memory; nothing but the poster, which may be anybody's, comes from elsewhere. Who may
show the page in a frame follows."""

_SITE = re.compile(r"(?:\*\.)?[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?")
MAX_POLICIES = 1000

_FILES = {
    "watch.js": ("watch.js", "text/javascript; charset=utf-8"),
    "options.js": ("options.js", "text/javascript; charset=utf-8"),
    "watch.css": ("watch.css", "text/css; charset=utf-8"),
    "hls.min.js": ("vendor/hls.min.js", "text/javascript; charset=utf-8"),
}


class Pages:
    """Everything that is not media."""

    def __init__(self) -> None:
        self._page = (STATIC / "watch.html").read_bytes()
        self._watch: dict[tuple[str, ...], Response] = {}
        """By the sites that may show it."""
        self._files = {
            name: answers.page((STATIC / path).read_bytes(), kind, max_age_s=3600)
            for name, (path, kind) in _FILES.items()
            if (STATIC / path).is_file()
        }

    def watch(self, sites: tuple[str, ...] = ()) -> Response:
        """The player page, which takes the id from its own address, for these sites to show; none: for all."""
        found = self._watch.get(sites)
        if found is None:
            if len(self._watch) >= MAX_POLICIES:
                self._watch.clear()
            found = self._watch[sites] = answers.page(
                self._page, "text/html; charset=utf-8", max_age_s=60, policy=POLICY + _ancestors(sites)
            )
        return found

    def static(self, name: str) -> Response | None:
        """A script or a style."""
        return self._files.get(name)

    def front(self, path: str) -> Response | None:
        """What stands beside: nothing to see at the root."""
        if path == "/favicon.ico":
            return Response(204, {"cache-control": "public, max-age=86400"})
        if path == "/robots.txt":
            return answers.page(b"User-agent: *\nDisallow: /\n", "text/plain; charset=utf-8", max_age_s=86400)
        return None


def _ancestors(sites: tuple[str, ...]) -> str:
    """CSP's source list means the same by a host name and by `*.` as allowed origins do."""
    return " ".join(("'self'", *filter(_SITE.fullmatch, sites))) if sites else "*"
