"""The player page and what it is made of: files beside the code, read once."""

from pathlib import Path

from services.packager.http import Response
from services.packager.origin import answers

STATIC = Path(__file__).parents[1] / "static"

POLICY = (
    "default-src 'self'; media-src 'self' blob:; worker-src 'self' blob:; img-src 'self' data:; "
    "style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors *; base-uri 'none'; form-action 'none'"
)
"""hls.js feeds the player from memory and works in a worker made of its own text; nothing comes from elsewhere."""

_FILES = {
    "watch.js": ("watch.js", "text/javascript; charset=utf-8"),
    "watch.css": ("watch.css", "text/css; charset=utf-8"),
    "hls.min.js": ("vendor/hls.min.js", "text/javascript; charset=utf-8"),
}


class Pages:
    """Everything that is not media."""

    def __init__(self) -> None:
        self._watch = answers.page(
            (STATIC / "watch.html").read_bytes(), "text/html; charset=utf-8", max_age_s=60, policy=POLICY
        )
        self._files = {
            name: answers.page((STATIC / path).read_bytes(), kind, max_age_s=3600)
            for name, (path, kind) in _FILES.items()
            if (STATIC / path).is_file()
        }

    def watch(self) -> Response:
        """The player page; it takes the id from its own address."""
        return self._watch

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
