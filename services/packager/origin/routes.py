"""What a target of the origin means. Pure."""

import re
from dataclasses import dataclass, replace

from services.common.protection.token import TokenError, looks_like_token, subject_of
from services.packager.hls.blocking import NOTHING, Directives, parse_directives
from services.packager.hls.query import QueryError, propagated

_ID = r"(?P<id>[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
_NAME = r"(?P<name>[a-z0-9]{1,16})"
_LANGUAGE = r"(?P<language>[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,4})"
_NUMBER = r"(?:0|[1-9][0-9]{0,17})"


@dataclass(frozen=True, slots=True)
class Route:
    """A path taken apart. Which fields are set depends on `kind`."""

    kind: str
    id: str = ""
    name: str = ""
    msn: int = 0
    index: int = 0
    init_id: str = ""


_VENDORS = "/manifest/video.m3u8"
_PREVIEW = re.compile(r"(?:^|&)duration=")
"""There it asks for a preview of that length: what lists everything would be something else."""

_TABLE = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("part", rf"/{_ID}/{_NAME}/(?P<msn>{_NUMBER})\.(?P<index>{_NUMBER})\.m4s"),
        ("playlist", rf"/{_ID}/{_NAME}\.m3u8"),
        ("recording", rf"/{_ID}/{_NAME}\.vod\.m3u8"),
        ("segment", rf"/{_ID}/{_NAME}/(?P<msn>{_NUMBER})\.m4s"),
        ("init", rf"/{_ID}/{_NAME}/init-(?P<init_id>[0-9a-f]{{1,64}})\.mp4"),
        ("multivariant", rf"/{_ID}/manifest/video\.m3u8"),
        ("watch", rf"/{_ID}/(?P<name>watch|iframe)"),
        ("lifecycle", rf"/{_ID}/lifecycle"),
        ("views", rf"/{_ID}/views"),
        ("download", rf"/{_ID}/download/(?P<name>mp4|m4a)"),
        ("download", rf"/{_ID}/downloads/(?:default\.(?P<name>mp4)|audio\.(?P<sound>m4a))"),
        ("thumbnail", rf"/{_ID}/thumbnails/thumbnail\.jpg"),
        ("captions", rf"/{_ID}/captions/{_LANGUAGE}\.vtt"),
        ("subtitles", rf"/{_ID}/captions/{_LANGUAGE}\.m3u8"),
        ("later", rf"/{_ID}/(?:manifest/(?:video\.mpd|clip\.m3u8)|clip\.mp4|thumbnails/thumbnail\.gif|webRTC/play)"),
        ("static", r"/static/(?P<name>[a-z0-9.-]{1,40})"),
    )
)


def parse(path: str) -> Route | None:
    """The route of a decoded path; None if there is none. Dashed ids are the same as undashed ones."""
    for kind, pattern in _TABLE:
        found = pattern.fullmatch(path)
        if found is None:
            continue
        parts = found.groupdict()
        is_multivariant = kind == "playlist" and parts["name"] == "index"
        return Route(
            "multivariant" if is_multivariant else kind,
            (parts.get("id") or "").replace("-", ""),
            parts.get("name") or parts.get("sound") or parts.get("language") or "",
            int(parts.get("msn") or 0),
            int(parts.get("index") or 0),
            parts.get("init_id") or "",
        )
    return None


@dataclass(frozen=True, slots=True)
class Asked:
    """A whole target taken apart, its query included where it means something."""

    path: str
    route: Route | None
    key: bytes
    """The broadcast's id as followers go by."""
    directives: Directives = NOTHING
    kept_query: str = ""
    """What goes after each URI of a playlist."""
    fault: str = ""
    """What is wrong with the query; the body of a 400."""
    token: str = ""
    """A playback token that stood in the path, in the place of the id."""

    def base(self, broadcast: str) -> str:
        """Leads from a multivariant playlist at this path to the media playlists of a broadcast."""
        depth = self.path.count("/") - 1
        return "" if depth == 1 and self.path.startswith(f"/{broadcast}/") else "../" * depth + f"{broadcast}/"


def read(path: str, query: str) -> Asked:
    """Take a decoded path and a raw query apart. A token in the path says what it is for, and is not believed yet."""
    first, _, rest = path[1:].partition("/")
    if not looks_like_token(first):
        return _read(path, query)
    try:
        subject = subject_of(first)
    except TokenError:
        return Asked(path, None, b"")
    found = _read(f"/{subject}/{rest}", query)
    kept = f"token={first}" + (f"&{found.kept_query}" if found.kept_query else "")
    return replace(found, path=path, token=first, kept_query=kept)


def _read(path: str, query: str) -> Asked:
    route = parse(path)
    key = route.id.encode() if route is not None else b""
    if route is None or route.kind not in {"playlist", "recording", "multivariant", "subtitles"}:
        return Asked(path, route, key)
    if path.endswith(_VENDORS) and _PREVIEW.search(query):
        return Asked(path, replace(route, kind="later"), key)
    try:
        return Asked(path, route, key, parse_directives(query), propagated(query))
    except QueryError as error:
        return Asked(path, route, key, fault=str(error))
