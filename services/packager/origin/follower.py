"""One broadcast that somebody watches: its ticks followed, its answers rendered once, its waiters woken."""

import asyncio
import math
from collections.abc import Hashable
from contextlib import aclosing
from dataclasses import dataclass, replace

from headwater.internal.v1.onair_pb2 import Playback
from services.common import subjects
from services.common.bus.log import Log
from services.common.log import get_logger
from services.common.tasks import cancel, spawn
from services.packager.hls.blocking import NOTHING, Directives, check_reach, is_satisfied, longest_wait_us
from services.packager.http import Pending, Response, refusal
from services.packager.origin import answers
from services.packager.origin.live import LiveProgram
from services.packager.origin.media_answers import MediaAnswers
from services.packager.origin.playlist_answers import PlaylistAnswers, Wanted
from services.packager.origin.ticks import read_ticks
from services.packager.origin.track import Track
from services.packager.origin.waiting import Waiting

UNKNOWN_TARGET_S = 6
"""Taken for the target duration while none is known."""

LAST_RELOADS = 3
"""For so many target durations after the end those who followed a broadcast may still ask for its list: they reload it
once in one and a half at the latest (RFC 8216bis 6.3.4)."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Playlist:
    directives: Directives
    wanted: Wanted


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    msn: int
    index: int


@dataclass(frozen=True, slots=True)
class _Beginning:
    base: str
    kept_query: str


class Follower:
    """Reads one broadcast's ticks from the start of its window for as long as it is wanted."""

    def __init__(self, record: Playback, log: Log, *, low_latency: bool) -> None:
        self.record = record
        self.program = LiveProgram(low_latency=low_latency)
        self.media = MediaAnswers(self.program, record.broadcast_id)
        self.asked_at = asyncio.get_running_loop().time()
        self.why_broken: str | None = None
        """Why the log can be followed no longer; None while it can."""
        self._log = log
        self._playlists = PlaylistAnswers(self.program)
        self._waiting = Waiting()
        self._settled = asyncio.Event()
        self._is_caught_up = False
        self._ended_at = math.inf
        self._reading = spawn(self._read_or_break(), name=f"follow {record.broadcast_id}")

    @property
    def is_ready(self) -> bool:
        """True once there is a segment and all that was in the log at the start has been read: an older edge than
        the true one would make players begin in the past.
        """
        return self._is_caught_up and self.program.has_begun

    @property
    def can_read(self) -> bool:
        """True while the log may be expected to say what is new."""
        return self.why_broken is None and self._log.bus.is_connected

    @property
    def is_reloaded(self) -> bool:
        """True while those who have followed the broadcast may ask for its list again without saying that they have."""
        if not self.program.has_ended:
            return True
        return asyncio.get_running_loop().time() < self._ended_at + LAST_RELOADS * self._target_s

    @property
    def _target_s(self) -> int:
        return self.program.ledger.state.target_duration_s or UNKNOWN_TARGET_S

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def has_had(self, name: str, msn: int) -> bool:
        """True if the store may have a segment of this number: one that was closed before."""
        return self.program.track_named(name) is not None and msn < self.program.open_msn

    async def caught_up(self, *, timeout_s: float = 3.0) -> None:
        """Return when all that was in the log has been read, or after that time."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._settled.wait()
        except TimeoutError:
            return

    async def close(self) -> None:
        """Let go; whoever waits is told to ask again."""
        await cancel(self._reading)
        self._waiting.answer(lambda _: refusal(503))

    # -- the log ----------------------------------------------------------------------------------

    async def _read_or_break(self) -> None:
        try:
            async with aclosing(read_ticks(self._log, self._subject)) as heard:
                async for each in heard:
                    if self.program.accepts(each.tick.head):
                        self.program.feed(each.tick, each.sequences)
                        self._go_on(is_caught_up=each.is_caught_up)
                    if self.program.has_ended:
                        self._ended_at = asyncio.get_running_loop().time()
                        return
        except Exception as error:  # noqa: BLE001  another follower begins anew, with all others untouched
            self.why_broken = repr(error)
            _log.exception("a broadcast cannot be followed", broadcast=self.record.broadcast_id)
        finally:
            self._settled.set()

    @property
    def _subject(self) -> str:
        return subjects.ticks(self.record.shard, self.record.broadcast_id)

    def _go_on(self, *, is_caught_up: bool) -> None:
        self._is_caught_up = self._is_caught_up or is_caught_up
        self._playlists.renew()
        self.media.trim()
        if self._is_caught_up:
            self._settled.set()
            self._waiting.answer(self._find)

    # -- what is asked ----------------------------------------------------------------------------

    def playlist(
        self, name: str, directives: Directives, kept_query: str, *, is_plain: bool = False
    ) -> Response | Pending:
        """A media playlist, once it has what the directives ask for; a plain one at once. Errors: QueryError."""
        if is_plain:
            directives = NOTHING
        track = self.program.track_named(name)
        if track is None:
            return answers.not_there()
        edge = self.program.edge(track)
        is_at_edge = directives.has_list
        wanted = Wanted(name, directives.delta, kept_query, self._max_age_s(directives), is_at_edge, is_plain)
        if is_satisfied(directives, edge):
            return self._playlists.media(track, wanted)
        check_reach(directives, edge)
        return self._wait_for(_Playlist(directives, wanted))

    def _max_age_s(self, directives: Directives) -> int:
        """One that names a part holds it however old it is, so a cache may keep it until the next segment; what names
        none is the present and stale in half a target duration (RFC 8216bis, appendix B).
        """
        is_named = directives.msn is not None and not self.program.has_ended
        return self.program.ledger.state.target_duration_s if is_named else 1

    def multivariant(self, base: str, kept_query: str) -> Response | Pending:
        """The multivariant playlist, as soon as there is a picture."""
        if self.is_ready:
            return self._playlists.multivariant(base, kept_query)
        return self._wait_for(_Beginning(base, kept_query))

    def part(self, name: str, msn: int, index: int) -> Response | Pending:
        """A part; the one that is hinted at is waited for."""
        found = self.media.part(name, msn, index)
        track = self.program.track_named(name)
        if found is not None or track is None:
            return found or answers.not_there()
        is_next = msn == self.program.open_msn and index == len(track.open.parts)
        if not is_next or self.program.has_ended:
            return answers.not_there()
        return self._wait_for(_Part(name, msn, index))

    def _wait_for(self, what: Hashable) -> Pending:
        return self._waiting.add(what, asyncio.get_running_loop().time())

    # -- those who wait ---------------------------------------------------------------------------

    def _find(self, what: Hashable) -> Response | None:
        """The answer to what is waited for, if it can be given now."""
        match what:
            case _Part():
                found = self.media.part(what.name, what.msn, what.index)
                is_passed = what.msn < self.program.open_msn or self.program.has_ended
                return found or (answers.not_there() if is_passed else None)
            case _Playlist():
                track = self.program.track_named(what.wanted.name)
                if track is None or not is_satisfied(what.directives, self.program.edge(track)):
                    return None
                return self._playlists.media(track, what.wanted)
            case _Beginning() if self.is_ready:
                return self._playlists.multivariant(what.base, what.kept_query)
        return answers.not_live() if self.program.has_ended else None

    def sweep(self, now: float) -> None:
        """Answer who has waited as long as the specification allows: with what there is, a gap being no error."""
        wait_s = longest_wait_us(self._target_s) / 1e6
        self._waiting.answer_late(now - wait_s, self._find_late)

    def release(self) -> None:
        """Answer all who wait with what there is now: they will ask again, elsewhere."""
        self._waiting.answer(self._find_late)

    def _find_late(self, what: Hashable) -> Response:
        if not self.can_read:
            return refusal(503)
        match what:
            case _Playlist():
                track = self.program.track_named(what.wanted.name)
                return answers.not_there() if track is None else self._unchanged(track, what.wanted)
            case _Beginning():
                return answers.not_live()
        return answers.not_there()

    def _unchanged(self, track: Track, wanted: Wanted) -> Response:
        """It does not hold what was asked for, so no cache may keep it for that."""
        return self._playlists.media(track, replace(wanted, max_age_s=0))
