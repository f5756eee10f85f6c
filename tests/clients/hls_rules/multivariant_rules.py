"""Rules of a multivariant playlist (RFC 8216bis 4.4.6, 6.2.4)."""

import re
from collections import Counter
from collections.abc import Iterable

from tests.clients.hls_rules.reader import Playlist, Tag
from tests.clients.hls_rules.rule import RuleBook

MULTIVARIANT: RuleBook[Playlist] = RuleBook()

_VIDEO = re.compile(r"^(avc1|avc3|hvc1|hev1|av01|vp09)\.")
_AUDIO = re.compile(r"^(mp4a|ac-3|ec-3|opus|Opus|fLaC)")


def _codecs(tag: Tag) -> list[str]:
    return (tag.text("CODECS") or "").split(",")


def _groups(playlist: Playlist) -> dict[str, list[Tag]]:
    groups: dict[str, list[Tag]] = {}
    for tag in playlist.all("EXT-X-MEDIA"):
        groups.setdefault(f"{tag.text('TYPE')} {tag.text('GROUP-ID')}", []).append(tag)
    return groups


@MULTIVARIANT.rule("variant-has-uri", "4.4.6.2")
def variant_has_uri(playlist: Playlist) -> Iterable[str]:
    lines = {number: text for number, text in enumerate(playlist.lines, 1) if text}
    for tag in playlist.all("EXT-X-STREAM-INF"):
        if lines.get(tag.line + 1, "#").startswith("#"):
            yield f"line {tag.line} is not followed by a URI"
    if not playlist.has("EXT-X-STREAM-INF"):
        yield "no variant"


@MULTIVARIANT.rule("variant-bandwidth", "4.4.6.2")
def variant_bandwidth(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-STREAM-INF"):
        peak, average = tag.number("BANDWIDTH"), tag.number("AVERAGE-BANDWIDTH")
        if not peak or "." in tag.attributes["BANDWIDTH"]:
            yield f"line {tag.line}: BANDWIDTH is missing, 0 or no integer"
        elif average is not None and not 0 < average <= peak:
            yield f"line {tag.line}: AVERAGE-BANDWIDTH {average} with BANDWIDTH {peak}"


@MULTIVARIANT.rule("variant-codecs", "4.4.6.2", must=False)
def variant_codecs(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-STREAM-INF"):
        if not all(_VIDEO.match(codec) or _AUDIO.match(codec) for codec in _codecs(tag)):
            yield f"line {tag.line}: CODECS {tag.text('CODECS')}"


@MULTIVARIANT.rule("variant-picture", "4.4.6.2", must=False)
def variant_picture(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-STREAM-INF"):
        has_video = any(_VIDEO.match(codec) for codec in _codecs(tag))
        if has_video and not re.fullmatch(r"[1-9]\d*x[1-9]\d*", tag.text("RESOLUTION") or ""):
            yield f"line {tag.line}: RESOLUTION {tag.text('RESOLUTION')}"
        if has_video and not re.fullmatch(r"\d+\.\d{3}", tag.text("FRAME-RATE") or ""):
            yield f"line {tag.line}: FRAME-RATE {tag.text('FRAME-RATE')}"


@MULTIVARIANT.rule("audio-group-exists", "4.4.6.2")
def audio_group_exists(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-STREAM-INF"):
        group = tag.text("AUDIO")
        if group is not None and f"AUDIO {group}" not in _groups(playlist):
            yield f"line {tag.line}: no group {group}"


@MULTIVARIANT.rule("text-group-exists", "4.4.6.2")
def text_group_exists(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-STREAM-INF"):
        group = tag.text("SUBTITLES")
        if group is not None and f"SUBTITLES {group}" not in _groups(playlist):
            yield f"line {tag.line}: no group {group}"
    for tag in playlist.all("EXT-X-MEDIA"):
        if tag.text("TYPE") == "SUBTITLES" and not tag.text("URI"):
            yield f"line {tag.line}: text without a URI"


@MULTIVARIANT.rule("captions-in-picture", "4.4.6.1")
def captions_in_picture(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-MEDIA"):
        if tag.text("TYPE") == "CLOSED-CAPTIONS" and (tag.text("URI") or not tag.text("INSTREAM-ID")):
            yield f"line {tag.line}: closed captions have an INSTREAM-ID and no URI"
    for tag in playlist.all("EXT-X-STREAM-INF"):
        group = tag.text("CLOSED-CAPTIONS")
        if group not in {None, "NONE"} and f"CLOSED-CAPTIONS {group}" not in _groups(playlist):
            yield f"line {tag.line}: no group {group}"


@MULTIVARIANT.rule("audio-group-in-codecs", "6.2.4")
def audio_group_in_codecs(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-STREAM-INF"):
        if tag.text("AUDIO") and tag.text("CODECS") and not any(_AUDIO.match(c) for c in _codecs(tag)):
            yield f"line {tag.line}: the audio group's format is missing in CODECS"


@MULTIVARIANT.rule("rendition-attributes", "4.4.6.1")
def rendition_attributes(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-MEDIA"):
        lacking = [name for name in ("TYPE", "GROUP-ID", "NAME") if not tag.text(name)]
        yield from (f"line {tag.line} lacks {name}" for name in lacking)
        if tag.text("DEFAULT") == "YES" and tag.text("AUTOSELECT") == "NO":
            yield f"line {tag.line}: DEFAULT without AUTOSELECT"


@MULTIVARIANT.rule("rendition-channels", "4.4.6.1", must=False)
def rendition_channels(playlist: Playlist) -> Iterable[str]:
    for tag in playlist.all("EXT-X-MEDIA"):
        if tag.text("TYPE") == "AUDIO" and not (tag.text("CHANNELS") or "").split("/")[0].isdigit():
            yield f"line {tag.line} lacks CHANNELS"


@MULTIVARIANT.rule("group-members", "4.4.6.1.1")
def group_members(playlist: Playlist) -> Iterable[str]:
    for name, members in _groups(playlist).items():
        names = Counter(tag.text("NAME") for tag in members)
        if names and max(names.values()) > 1:
            yield f"group {name} has two members of one NAME"
        if sum(tag.text("DEFAULT") == "YES" for tag in members) > 1:
            yield f"group {name} has two defaults"
