"""A live broadcast's playlists as responses: rendered once for each version and each way to ask for it."""

from dataclasses import dataclass, replace

from services.packager.hls.media_playlist import Window
from services.packager.hls.query import with_query
from services.packager.hls.render import DeltaRequest, MediaRenderer, multivariant_template
from services.packager.http import Response
from services.packager.origin import answers
from services.packager.origin.live import LiveProgram
from services.packager.origin.track import Track

MAX_KEPT = 512
"""Responses kept of one version: viewers with a query of their own (a token) each need one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a playlist is to look like, whatever version it is of."""

    name: str
    delta: DeltaRequest
    kept_query: str
    max_age_s: int
    is_at_edge: bool
    """Asked for by who has followed the broadcast up to here."""
    is_plain: bool = False
    """Closed segments and nothing else: its livestream has no LL-HLS."""


class PlaylistAnswers:
    """Of one broadcast; `renew` after each tick."""

    def __init__(self, program: LiveProgram) -> None:
        self._program = program
        self._renderers: dict[tuple[str, bool], MediaRenderer] = {}
        self._templates: dict[tuple[str, DeltaRequest, bool, bool], bytes] = {}
        self._made: dict[Wanted | tuple[str, str], Response] = {}

    def renew(self) -> None:
        """The program has gone on: what was rendered is stale."""
        self._templates.clear()
        self._made.clear()

    def media(self, track: Track, wanted: Wanted) -> Response:
        """A media playlist as it is now."""
        found = self._made.get(wanted)
        if found is None:
            made = _made(self._template(track, wanted), wanted.kept_query, wanted.max_age_s)
            found = self._keep(wanted, made)
        return found

    def _template(self, track: Track, wanted: Wanted) -> bytes:
        is_at_edge = wanted.is_at_edge and self._program.has_ended
        key = track.name, wanted.delta, is_at_edge, wanted.is_plain
        found = self._templates.get(key)
        if found is None:
            renderer = self._renderers.setdefault((track.name, wanted.is_plain), MediaRenderer())
            window = self._program.window(track, is_at_edge=is_at_edge)
            if wanted.is_plain:
                window = _plain(window)
            found = renderer.template(window, with_parts=not wanted.is_plain, delta=wanted.delta)
            self._templates[key] = found
        return found

    def multivariant(self, base: str, kept_query: str) -> Response:
        """The multivariant playlist as it is now."""
        found = self._made.get((base, kept_query))
        if found is None:
            body = multivariant_template(self._program.multivariant(base))
            found = self._keep((base, kept_query), _made(body, kept_query, 1))
        return found

    def _keep(self, key: Wanted | tuple[str, str], made: Response) -> Response:
        if len(self._made) < MAX_KEPT:
            self._made[key] = made
        return made


def _plain(window: Window) -> Window:
    """What a player that reloads each target duration needs; nobody is told that he may wait for more."""
    closed = [segment for segment in window.segments if segment.is_closed]
    return replace(window, segments=closed or window.segments, control=None)


def _made(template: bytes, kept_query: str, max_age_s: int) -> Response:
    body = with_query(template, kept_query)
    make = answers.own_playlist if kept_query else answers.playlist
    return make(body, max_age_s=max_age_s)
