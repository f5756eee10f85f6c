"""A tiny reader of playlists for the rule checker: it shares no code with the renderer and forgives everything.

Numbers are Decimal, so that no rule fails or passes by rounding. What cannot be read is listed in `faults`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

LIST_TAGS = {
    "EXT-X-START", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL", "EXT-X-MAP", "EXT-X-PART", "EXT-X-SKIP",
    "EXT-X-PRELOAD-HINT", "EXT-X-RENDITION-REPORT", "EXT-X-MEDIA", "EXT-X-STREAM-INF",
}  # fmt: skip
_ATTRIBUTE = re.compile(r'\s*([A-Z0-9-]+)\s*=\s*("[^"]*"|[^",]*)\s*(?:,|$)')
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass
class Tag:
    line: int
    name: str
    value: str
    attributes: dict[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """An attribute without its quotes."""
        raw = self.attributes.get(name)
        return None if raw is None else raw.strip('"')

    def number(self, name: str) -> Decimal | None:
        raw = self.attributes.get(name)
        return Decimal(raw) if raw is not None and _NUMBER.fullmatch(raw) else None


@dataclass
class Piece:
    """A part."""

    tag: Tag
    uri: str | None
    duration: Decimal
    is_independent: bool
    is_gap: bool


@dataclass
class Item:
    """A segment with its URI, or the open end: parts without one."""

    msn: int
    discontinuity: int
    map_uri: str | None
    uri: str | None = None
    duration: Decimal = Decimal(0)
    time: datetime | None = None
    is_gap: bool = False
    starts_discontinuity: bool = False
    has_map_tag: bool = False
    parts: list[Piece] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)

    @property
    def length(self) -> Decimal:
        return self.duration if self.uri is not None else sum((p.duration for p in self.parts), Decimal(0))


@dataclass
class Playlist:
    text: str
    lines: list[str]
    tags: list[Tag] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    uris: list[tuple[int, str]] = field(default_factory=list)
    """Every URI line and every URI attribute, with its line."""
    faults: list[str] = field(default_factory=list)
    media_sequence: int = 0
    discontinuity_sequence: int = 0
    skipped: int = 0

    def all(self, name: str) -> list[Tag]:
        return [tag for tag in self.tags if tag.name == name]

    def first(self, name: str) -> Tag | None:
        return next(iter(self.all(name)), None)

    def has(self, name: str) -> bool:
        return any(tag.name == name for tag in self.tags)

    def number(self, tag: str, attribute: str) -> Decimal | None:
        found = self.first(tag)
        return None if found is None else found.number(attribute)

    @property
    def target_duration(self) -> Decimal:
        found = self.first("EXT-X-TARGETDURATION")
        return Decimal(found.value) if found and found.value.isdigit() else Decimal(0)

    @property
    def part_target(self) -> Decimal | None:
        return self.number("EXT-X-PART-INF", "PART-TARGET")

    @property
    def is_ended(self) -> bool:
        return self.has("EXT-X-ENDLIST")

    @property
    def closed(self) -> list[Item]:
        return [item for item in self.items if item.uri is not None]

    @property
    def open(self) -> Item | None:
        last = self.items[-1] if self.items else None
        return last if last is not None and last.uri is None else None

    @property
    def duration(self) -> Decimal:
        return sum((item.length for item in self.items), Decimal(0))

    def distances(self) -> Iterator[tuple[Item, Decimal]]:
        """Each item from the last to the first, with how far its end lies from the end of the playlist."""
        distance = Decimal(0)
        for item in reversed(self.items):
            yield item, distance
            distance += item.length


def read_time(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def after(time: datetime, seconds: Decimal) -> datetime:
    return time + timedelta(microseconds=int(seconds * 1_000_000))


def read(text: str) -> Playlist:
    playlist = Playlist(text, text.split("\n"))
    for number, raw in enumerate(playlist.lines, 1):
        line = raw.rstrip("\r")
        if line.startswith("#EXT"):
            playlist.tags.append(_tag(playlist, number, line))
        elif line and not line.startswith("#"):
            playlist.uris.append((number, line))
    _number_header(playlist)
    _collect(playlist)
    return playlist


def _tag(playlist: Playlist, number: int, line: str) -> Tag:
    name, _, value = line[1:].partition(":")
    tag = Tag(number, name, value)
    if name in LIST_TAGS:
        end = 0
        while end < len(value):
            match = _ATTRIBUTE.match(value, end)
            if match is None or match[2] == "" or match[1] in tag.attributes:
                playlist.faults.append(f"line {number}: bad attribute list {value[end:]!r}")
                break
            tag.attributes[match[1]] = match[2]
            end = match.end()
        if "URI" in tag.attributes:
            playlist.uris.append((number, tag.attributes["URI"].strip('"')))
    return tag


def _number_header(playlist: Playlist) -> None:
    for name, attribute in (
        ("EXT-X-MEDIA-SEQUENCE", "media_sequence"),
        ("EXT-X-DISCONTINUITY-SEQUENCE", "discontinuity_sequence"),
    ):
        tag = playlist.first(name)
        if tag is not None and tag.value.isdigit():
            setattr(playlist, attribute, int(tag.value))
    skipped = playlist.number("EXT-X-SKIP", "SKIPPED-SEGMENTS")
    playlist.skipped = int(skipped or 0)


def _collect(playlist: Playlist) -> None:
    by_line = {tag.line: tag for tag in playlist.tags}
    uri_lines = {number: uri for number, uri in playlist.uris if number not in by_line}
    item = Item(playlist.media_sequence + playlist.skipped, playlist.discontinuity_sequence, None)
    for number in range(1, len(playlist.lines) + 1):
        if number in by_line:
            _apply(playlist, item, by_line[number])
        elif number in uri_lines:
            item.uri = uri_lines[number]
            playlist.items.append(item)
            item = Item(item.msn + 1, item.discontinuity, item.map_uri)
    if item.parts or item.tags:
        playlist.items.append(item)


def _apply(playlist: Playlist, item: Item, tag: Tag) -> None:
    if tag.name == "EXTINF":
        length = tag.value.split(",")[0]
        item.duration = Decimal(length) if _NUMBER.fullmatch(length) else Decimal(0)
    elif tag.name == "EXT-X-DISCONTINUITY":
        item.discontinuity += 1
        item.starts_discontinuity = True
    elif tag.name == "EXT-X-MAP":
        item.map_uri, item.has_map_tag = tag.text("URI"), True
    elif tag.name == "EXT-X-PROGRAM-DATE-TIME":
        item.time = read_time(tag.value)
    elif tag.name == "EXT-X-GAP":
        item.is_gap = True
    elif tag.name == "EXT-X-PART":
        item.parts.append(_piece(tag))
    else:
        return
    item.tags.append(tag)


def _piece(tag: Tag) -> Piece:
    return Piece(
        tag=tag,
        uri=tag.text("URI"),
        duration=tag.number("DURATION") or Decimal(0),
        is_independent=tag.text("INDEPENDENT") == "YES",
        is_gap=tag.text("GAP") == "YES",
    )
