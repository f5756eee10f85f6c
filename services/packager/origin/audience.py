"""Who watches: viewers seen in the last interval, by address and session, said as a fact and never kept.

A viewer is told apart by his address and by what his player says of itself: the session that Apple's players and our
page send with each request, a CMCD session (CTA-5004), or else the player's name. Nothing of it stands in a URL, so a
CDN can keep what everybody fetches; and what is said is a keyed hash, so nobody can try addresses until one fits.
"""

import asyncio
import hashlib
from typing import Protocol

from headwater.internal.v1.facts_pb2 import Fact
from services.common import subjects
from services.common.bus.facts import FactPublisher
from services.common.clock import Clock
from services.common.ids import new_id
from services.common.proxies import FORWARDED_FOR, Proxies
from services.packager.http import Request

MAX_VIEWERS = 200_000
"""Noted in one interval; more are not told apart."""

_COUNTED = frozenset({b"m4s", b"m3u8"})
_TELLING = ("x-playback-session-id", "cmcd-session", "user-agent")
"""Header fields that tell viewers of one address apart, the best first."""


class _Directory(Protocol):
    def livestream_of(self, wanted: str) -> str | None: ...


class Audience:
    """Notes finished requests, and says each interval who they were of."""

    def __init__(
        self,
        directory: _Directory,
        facts: FactPublisher,
        clock: Clock,
        *,
        origin: str,
        interval_s: float,
        key: bytes,
        proxies: Proxies | None = None,
    ) -> None:
        self._directory = directory
        self._facts = facts
        self._clock = clock
        self._origin = origin
        self._interval_s = interval_s
        self._key = key
        self._proxies = proxies or Proxies()
        self._seen: set[tuple[bytes, str, str]] = set()

    def note(self, request: Request, status: int, _size: int) -> None:
        """Called with every finished request; must be quick."""
        target = request.target
        if status in {200, 206} and target[33:34] == b"/" and len(self._seen) < MAX_VIEWERS:
            path = target.partition(b"?")[0]
            if path.rpartition(b".")[2] in _COUNTED:
                address = self._proxies.client_of(request.peer, request.fields.values.get(FORWARDED_FOR, ""))
                self._seen.add((target[1:33], address, _session(request)))

    async def report(self) -> None:
        """Say who was there, for ever."""
        while True:
            await asyncio.sleep(self._interval_s)
            self.say_now()

    def say_now(self) -> None:
        """Say who was there since the last time, if anybody was."""
        seen, self._seen = self._seen, set()
        fact = Fact(id=new_id(), time_us=round(self._clock.now() * 1e6))
        found = fact.viewers_seen
        found.origin, found.interval_ms = self._origin, round(self._interval_s * 1000)
        by_broadcast: dict[str, set[int]] = {}
        for name, peer, session in seen:
            digest = hashlib.blake2b(f"{peer}|{session}".encode(), digest_size=8, key=self._key).digest()
            by_broadcast.setdefault(name.decode(), set()).add(int.from_bytes(digest, "big"))
        for broadcast, viewers in by_broadcast.items():
            livestream = self._directory.livestream_of(broadcast)
            if livestream is not None:
                found.audiences.add(livestream_id=livestream, broadcast_id=broadcast, viewers=sorted(viewers))
        if found.audiences:
            self._facts.publish(subjects.fact("viewers_seen", ""), fact.SerializeToString(), fact.id)


def _session(request: Request) -> str:
    values = request.fields.values
    return next((values[name] for name in _TELLING if name in values), "")
