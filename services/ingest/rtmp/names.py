"""Where encoders put the stream key: every place is looked at, and the key decides, not the app.

`rtmp://host/live/KEY`, `rtmp://host/live?key=KEY`, `rtmp://host/live/NAME?key=KEY`, `rtmp://host/KEY`, and each of
them percent-encoded.
"""

from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote, urlsplit

MOST_CANDIDATES = 8
"""Each costs its reader a look-up."""
LONGEST_CANDIDATE = 256
"""Characters; longer texts are no keys of ours."""
_AROUND = "/ \t\r\n"
"""What scripts that read a key from a file leave at its end, and people at either."""


def query_of(*texts: str) -> dict[str, str]:
    """The query parameters behind the first ? of each text, decoded; the first of a name wins."""
    found: dict[str, str] = {}
    for text in texts:
        query = text.partition("?")[2]
        for name, value in parse_qsl(query, max_num_fields=None, separator="&"):
            found.setdefault(name, value)
            if len(found) >= 32:
                return found
    return found


def candidates(app: str, stream_name: str, tcurl: str) -> tuple[str, ...]:
    """What may be the stream key, likeliest first, without doubles."""
    found: dict[str, None] = {}
    for text in _places(app, stream_name, tcurl):
        if text and len(text) <= LONGEST_CANDIDATE:
            found[text] = None
    return tuple(found)[:MOST_CANDIDATES]


def _places(app: str, stream_name: str, tcurl: str) -> Iterator[str]:
    name = unquote(stream_name.partition("?")[0]).strip(_AROUND)
    yield name
    yield name.rpartition("/")[2]
    yield from query_of(stream_name).values()
    yield from query_of(app, tcurl).values()
    yield stream_name
    path = unquote(app.partition("?")[0]).strip(_AROUND)
    yield path.rpartition("/")[2]
    yield unquote(_path_of(tcurl)).strip(_AROUND).rpartition("/")[2]


def _path_of(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:  # an unclosed bracket in the host
        return ""
