"""A request as handlers see it; the path and the query are decoded only when somebody asks. Pure."""

from urllib.parse import unquote_plus, unquote_to_bytes

from services.packager.http.fields import Fields
from services.packager.http.refusals import Refused


class Request:
    """One request. `target` is the raw origin-form and is the cheapest key for a cache of answers."""

    __slots__ = ("fields", "is_http10", "is_simple", "keep_alive", "method", "peer", "target")

    def __init__(self, method: str, target: bytes, fields: Fields, peer: str, *, is_http10: bool = False) -> None:
        self.method = method
        """Upper case."""
        self.target = target
        """Path and query as sent: printable ASCII, begins with "/" (or is "*", with OPTIONS)."""
        self.fields = fields
        self.peer = peer
        """Address of the other end of the connection, without port; a proxy's, where there is one."""
        self.is_http10 = is_http10
        self.keep_alive = not fields.has_body and not fields.closes and (not is_http10 or fields.keeps_alive)
        self.is_simple = fields.is_plain and self.keep_alive and method == "GET" and not is_http10
        """Wants the whole body and the connection kept: the answer needs no negotiation."""

    @property
    def raw_path(self) -> bytes:
        """The path as sent."""
        return self.target.partition(b"?")[0]

    @property
    def query(self) -> bytes:
        """What follows the first "?", as sent."""
        return self.target.partition(b"?")[2]

    @property
    def path(self) -> str:
        """The path, percent-decoded once.

        Raises Refused(400) for what no name of ours contains and what could mean another path to somebody behind
        us: bad escapes, text that is not UTF-8, control characters, backslashes, encoded slashes, dot segments.
        """
        raw = self.raw_path
        path = raw.decode("ascii") if b"%" not in raw else _decoded(raw)
        if "\\" in path or ("/." in path and not _DOTS.isdisjoint(path.split("/"))):
            raise Refused(400)
        return path

    def parameters(self) -> dict[str, str]:
        """The query's parameters, decoded; of a repeated one the first, and one without "=" is empty."""
        found: dict[str, str] = {}
        for item in self.query.decode("ascii").split("&"):
            name, _, value = item.partition("=")
            if name:
                found.setdefault(unquote_plus(name), unquote_plus(value))
        return found

    def header(self, name: str) -> str | None:
        """A field by its lower-case name, of those in `fields.KEPT`."""
        return self.fields.values.get(name)


_DOTS = frozenset({".", ".."})
_HEX = frozenset(b"0123456789abcdefABCDEF")


def _decoded(raw: bytes) -> str:
    _, *escapes = raw.split(b"%")
    if any(len(escape) < 2 or not _HEX.issuperset(escape[:2]) for escape in escapes):
        raise Refused(400)
    if any(escape[:2].lower() == b"2f" for escape in escapes):
        raise Refused(400)
    try:
        path = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(400) from None
    if not path.isprintable():
        raise Refused(400)
    return path
