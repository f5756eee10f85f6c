"""Responses of the origin, with the cache headers that let a CDN stand before it (RFC 8216bis 6.2.1, appendix C)."""

from services.packager.http import Response, compress

PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
MEDIA_TYPE = "video/mp4"

FOR_EVER = "public, max-age=31536000, immutable"
"""An URI of media always means the same bytes."""


OWN_PLAIN_BYTES = 8 * 1024
"""What is made for one viewer alone is sent as it is up to here: to compress it took four times as long as the rest of
the answer, and it is at most a tenth of what he fetches of a stream of 4 Mbit/s."""

_FAST = 1


def playlist(body: bytes, *, max_age_s: int) -> Response:
    """A playlist, plain and compressed; 0: every cache is to ask again."""
    return _playlist(body, max_age_s, compress(body))


def own_playlist(body: bytes, *, max_age_s: int) -> Response:
    """As `playlist`, with a query of the viewer's own after each URI: nobody else asks for it, so it must be cheap."""
    return _playlist(body, max_age_s, None if len(body) <= OWN_PLAIN_BYTES else compress(body, level=_FAST))


def _playlist(body: bytes, max_age_s: int, gzipped: bytes | None) -> Response:
    cache = f"public, max-age={max_age_s}" if max_age_s else "no-cache"
    return Response(200, {"content-type": PLAYLIST_TYPE, "cache-control": cache}, body, gzipped=gzipped)


def media(body: bytes | list[bytes], *, content_type: str = MEDIA_TYPE, etag: str | None = None) -> Response:
    """A part, a segment or an init segment."""
    return Response(200, {"content-type": content_type, "cache-control": FOR_EVER}, body, etag=etag)


def tag(broadcast: str, path: str) -> str:
    """The entity tag of a broadcast's media: the same whether it comes from the log or from the store."""
    return f'"{broadcast[:8]}-{path}"'


def not_there(seconds: int = 1) -> Response:
    """404, to be asked again soon."""
    headers = {"content-type": "text/plain; charset=utf-8", "cache-control": f"public, max-age={seconds}"}
    return Response(404, headers, b"Not Found\n")


def not_live() -> Response:
    """204: known, and nothing to see yet."""
    return Response(204, {"cache-control": "public, max-age=1"})


def bad(text: str) -> Response:
    """400, with what is wrong."""
    headers = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
    return Response(400, headers, f"{text}\n".encode())


def page(body: bytes, content_type: str, *, max_age_s: int, policy: str | None = None) -> Response:
    """A page or a piece of one."""
    headers = {
        "content-type": content_type,
        "cache-control": f"public, max-age={max_age_s}",
        "x-content-type-options": "nosniff",
    }
    if policy:
        headers["content-security-policy"] = policy
    return Response(200, headers, body, gzipped=compress(body))


def later() -> Response:
    """501, said of what a client may rightly expect."""
    headers = {"content-type": "text/plain; charset=utf-8", "cache-control": "public, max-age=60"}
    return Response(501, headers, b"Not Implemented: this comes later; HLS is at manifest/video.m3u8\n")
