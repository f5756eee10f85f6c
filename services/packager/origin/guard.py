"""Between a request and its answer: may this viewer have it, and may a cache keep it.

The gate decides; here it is found out what is asked for, by whom, and with which token: one in the query, or one that
stands in the path in the place of the id.
"""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from headwater.internal.v1.onair_pb2 import Playback
from services.common.clock import Clock
from services.common.proxies import FORWARDED_FOR, Proxies
from services.packager.http import Pending, Request, Response
from services.packager.origin import answers
from services.packager.origin.follower import Follower
from services.packager.origin.gate import OPEN, Ask, Gate, Verdict
from services.packager.origin.routes import Asked, Route

PARAMETER = "token"
"""Of the query; players hand it on with every URI of a playlist."""
_FREE = frozenset({"lifecycle", "static"})
"""What anybody may ask for: it shows nothing of what is protected."""


@dataclass(slots=True)
class _Opened:
    version: int
    is_live: bool
    is_open: bool


class Guard:
    """Asks the gate. `proxies` are believed when they say whom they ask for."""

    def __init__(self, gate: Gate, clock: Clock, proxies: Proxies | None = None) -> None:
        self.gate = gate
        self._clock = clock
        self._proxies = proxies or Proxies()
        self._opened: dict[str, _Opened] = {}

    def is_open(self, follower: Follower) -> bool:
        """Whether anybody may watch a broadcast that is followed; asked with every request, so it is remembered."""
        record, is_live = follower.record, not follower.program.has_ended
        known = self._opened.get(record.broadcast_id)
        if known is not None and known.version == self.gate.version and known.is_live == is_live:
            return known.is_open
        if known is None and len(self._opened) > 10_000:
            self._opened.clear()
        ask = Ask(record.livestream_id, record.broadcast_id, by_livestream=False, is_live=is_live)
        found = self._opened[record.broadcast_id] = _Opened(self.gate.version, is_live, self.gate.is_open(ask))
        return found.is_open

    def judge(self, request: Request, asked: Asked, record: Playback, *, is_live: bool) -> Verdict:
        """Whether this request may have what it asks of this broadcast."""
        route = asked.route
        if route is None or route.kind in _FREE:
            return OPEN
        by_livestream = route.id == record.livestream_id
        ask = Ask(record.livestream_id, record.broadcast_id, by_livestream=by_livestream, is_live=is_live)
        if self.gate.is_open(ask):
            return OPEN
        values = request.fields.values
        shown = replace(
            ask,
            token=asked.token or request.parameters().get(PARAMETER, ""),
            origin=values.get("origin", ""),
            referer=values.get("referer", ""),
            address=self._proxies.client_of(request.peer, values.get(FORWARDED_FOR, "")),
            is_own_page=_is_own_page(request),
            is_file=route.kind == "download",
        )
        return self.gate.judge(shown, self._clock.now())

    def judge_page(self, request: Request, route: Route) -> Verdict:
        """Whether the site that leads to the player page may show it."""
        values = request.fields.values
        ask = Ask("", "", by_livestream=False, is_live=False, referer=values.get("referer", ""))
        return self.gate.judge_page(route.id, replace(ask, is_own_page=_is_own_page(request)))

    def has_low_latency(self, follower: Follower) -> bool:
        """Whether its playlists may list parts."""
        return self.gate.has_low_latency(follower.record.livestream_id)


def _is_own_page(request: Request) -> bool:
    """The player page asks, of the same host: it was given only to a site that may show it, or it would not run."""
    values = request.fields.values
    if "origin" in values:
        return False
    try:
        page = urlsplit(values.get("referer", ""))
    except ValueError:
        return False
    return page.netloc == values.get("host") and page.path.endswith(("/watch", "/iframe"))


def refused(verdict: Verdict) -> Response:
    """The refusal in words, for nobody to keep."""
    if verdict.status == 404:
        return answers.not_there()
    headers = {"content-type": "text/plain; charset=utf-8", "cache-control": "private, no-store"}
    return Response(verdict.status, headers, f"{verdict.reason}\n".encode())


def private(answer: Response | Pending) -> Response | Pending:
    """The same answer, for this viewer alone to keep."""
    if isinstance(answer, Response):
        return answer.private()
    outer = Pending(lambda _: answer.cancel())
    found = answer.attach(lambda response: outer.resolve(response.private()))
    return found.private() if found is not None else outer
