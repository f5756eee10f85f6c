"""Rules that hold for every playlist, media or multivariant (RFC 8216bis 4.1, 4.2, 4.4.1, 4.4.2, 8)."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from tests.clients.hls_rules.reader import Playlist
from tests.clients.hls_rules.rule import RuleBook

SYNTAX: RuleBook[Playlist] = RuleBook()

_CONTROL = re.compile(r"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff]")
_ONCE = (
    "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE", "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START",
    "EXT-X-SKIP", "EXT-X-I-FRAMES-ONLY",
)  # fmt: skip
_MULTIVARIANT = {"EXT-X-MEDIA", "EXT-X-STREAM-INF", "EXT-X-I-FRAME-STREAM-INF", "EXT-X-SESSION-DATA"}
_MEDIA = {
    "EXT-X-TARGETDURATION", "EXT-X-MEDIA-SEQUENCE", "EXT-X-DISCONTINUITY-SEQUENCE", "EXT-X-ENDLIST",
    "EXT-X-PLAYLIST-TYPE", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXTINF", "EXT-X-BYTERANGE",
    "EXT-X-DISCONTINUITY", "EXT-X-MAP", "EXT-X-PROGRAM-DATE-TIME", "EXT-X-GAP", "EXT-X-PART", "EXT-X-SKIP",
    "EXT-X-PRELOAD-HINT", "EXT-X-RENDITION-REPORT",
}  # fmt: skip
_KNOWN = _MULTIVARIANT | _MEDIA | {"EXTM3U", "EXT-X-VERSION", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-START"}
_FLAGS = {"EXTM3U", "EXT-X-INDEPENDENT-SEGMENTS", "EXT-X-ENDLIST", "EXT-X-DISCONTINUITY", "EXT-X-GAP"}


def is_multivariant(playlist: Playlist) -> bool:
    return any(tag.name in _MULTIVARIANT for tag in playlist.tags)


@SYNTAX.rule("extm3u-first", "4.4.1.1")
def extm3u_first(playlist: Playlist) -> Iterable[str]:
    if playlist.lines[0].rstrip("\r") != "#EXTM3U":
        yield f"the first line is {playlist.lines[0][:40]!r}"


@SYNTAX.rule("no-control-characters", "4.1")
def no_control_characters(playlist: Playlist) -> Iterable[str]:
    for match in _CONTROL.finditer(playlist.text):
        yield f"character {match[0]!r}"


@SYNTAX.rule("line-end", "4.1", must=False)
def line_end(playlist: Playlist) -> Iterable[str]:
    if not playlist.text.endswith("\n"):
        yield "the last line has no end: the playlist may be cut off"


@SYNTAX.rule("version-once", "4.4.1.2")
def version_once(playlist: Playlist) -> Iterable[str]:
    if len(playlist.all("EXT-X-VERSION")) > 1:
        yield "several EXT-X-VERSION"


@SYNTAX.rule("tag-once", "4.4.3")
def tag_once(playlist: Playlist) -> Iterable[str]:
    yield from (f"{name} appears twice" for name in _ONCE if len(playlist.all(name)) > 1)


@SYNTAX.rule("attribute-list", "4.2")
def attribute_list(playlist: Playlist) -> Iterable[str]:
    yield from playlist.faults


@SYNTAX.rule("kinds-not-mixed", "4.4.6")
def kinds_not_mixed(playlist: Playlist) -> Iterable[str]:
    names = {tag.name for tag in playlist.tags}
    if names & _MULTIVARIANT and names & _MEDIA:
        yield f"{sorted(names & _MULTIVARIANT)} beside {sorted(names & _MEDIA)}"


@SYNTAX.rule("known-tags", "6.3.1", must=False)
def known_tags(playlist: Playlist) -> Iterable[str]:
    """Clients ignore what they do not know, so a tag spelled wrongly fails in silence."""
    yield from (f"{tag.name} is not known" for tag in playlist.tags if tag.name not in _KNOWN)


@SYNTAX.rule("flags-have-no-value", "4.4")
def flags_have_no_value(playlist: Playlist) -> Iterable[str]:
    yield from (f"{tag.name}:{tag.value}" for tag in playlist.tags if tag.name in _FLAGS and tag.value)


@SYNTAX.rule("no-directives-in-uris", "6.2.5")
def no_directives_in_uris(playlist: Playlist) -> Iterable[str]:
    for line, uri in playlist.uris:
        names = (pair.partition("=")[0] for pair in uri.partition("?")[2].split("&"))
        if any(unquote(name).startswith("_HLS_") for name in names):
            yield f"line {line}: {uri}"


@SYNTAX.rule("uri-characters", "4.1")
def uri_characters(playlist: Playlist) -> Iterable[str]:
    for line, uri in playlist.uris:
        if not uri or re.search(r"[\s\"<>\\^`{|}]", uri) or not uri.isascii():
            yield f"line {line}: {uri!r}"


def _needed_version(playlist: Playlist) -> int:
    if playlist.has("EXT-X-SKIP"):
        return 9
    if playlist.has("EXT-X-MAP"):
        return 6
    if playlist.has("EXT-X-BYTERANGE"):
        return 4
    return 3 if any("." in tag.value.split(",")[0] for tag in playlist.all("EXTINF")) else 1


def _declared_version(playlist: Playlist) -> int:
    tag = playlist.first("EXT-X-VERSION")
    return int(tag.value) if tag and tag.value.isdigit() else 1


@SYNTAX.rule("version-high-enough", "8")
def version_high_enough(playlist: Playlist) -> Iterable[str]:
    if _declared_version(playlist) < _needed_version(playlist):
        yield f"{_declared_version(playlist)} is below {_needed_version(playlist)}"


@SYNTAX.rule("version-no-higher", "6.2.1", must=False)
def version_no_higher(playlist: Playlist) -> Iterable[str]:
    allowed = 4 if playlist.has("EXT-X-MEDIA") else _needed_version(playlist)
    if playlist.has("EXT-X-TARGETDURATION") and not playlist.items:
        allowed = 6  # nothing is listed yet, and the version will not change when it is
    if _declared_version(playlist) > allowed:
        yield f"{_declared_version(playlist)} is above {allowed}"
