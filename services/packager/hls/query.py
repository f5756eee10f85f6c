"""The query string of a playlist request: what is a delivery directive, and what is handed on to the URIs in it.

A signed token in the query must come back with every part and segment, the `_HLS_` directives must not
(RFC 8216bis 6.2.5 reserves that prefix).
"""

from urllib.parse import unquote

from services.packager.hls.attributes import QUERY_MARK

RESERVED = "_HLS_"
MAX_QUERY_LENGTH = 2048
"""A query is repeated after every URI: this bounds what one request can make the origin send."""

_MARK = QUERY_MARK.encode()
_SAFE = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%")


class QueryError(ValueError):
    """The query cannot be answered: HTTP 400. The text says why and is safe to send."""


def split_query(query: str) -> list[tuple[str, str]]:
    """Decoded names, each with its raw `name=value`. Raises QueryError if the query is too long."""
    if len(query) > MAX_QUERY_LENGTH:
        raise QueryError(f"query is longer than {MAX_QUERY_LENGTH} characters")
    pairs = []
    for pair in query.split("&"):
        name = pair.partition("=")[0]
        pairs.append((unquote(name) if "%" in name else name, pair))
    return pairs


def propagated(query: str) -> str:
    """The part of a request's raw query that goes after every URI: in order, as sent, less `_HLS_…`.

    Characters that may not stand in a query or would end a quoted string are percent-encoded.
    """
    if not query:
        return ""
    kept = "&".join(raw for name, raw in split_query(query) if raw and not name.startswith(RESERVED))
    if _SAFE.issuperset(kept):
        return kept
    return "".join(c if c in _SAFE else "".join(f"%{b:02X}" for b in c.encode(errors="replace")) for c in kept)


def with_query(template: bytes, kept: str) -> bytes:
    """A rendered template with `kept`, which `propagated` gave, after every URI. About a microsecond per KB."""
    return template.replace(_MARK, b"?" + kept.encode("ascii") if kept else b"")
