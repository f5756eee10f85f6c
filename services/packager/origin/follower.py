"""One broadcast that somebody watches: its ticks followed, its answers rendered once, its waiters woken."""

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass

from headwater.internal.v1.onair_pb2 import Playback
from services.common import subjects
from services.common.bus.errors import BusError, Unavailable
from services.common.bus.log import Log
from services.common.log import get_logger
from services.common.media.tick import TickAssembler, TickError, decode_frame
from services.common.tasks import cancel, spawn
from services.packager.hls.blocking import Directives, check_reach, is_satisfied, longest_wait_us
from services.packager.hls.query import propagated, with_query
from services.packager.hls.render import DeltaRequest, MediaRenderer, multivariant_template
from services.packager.http import Pending, Response, refusal
from services.packager.origin import answers
from services.packager.origin.live import LiveProgram, Track
from services.packager.origin.waiting import Waiting

_RETRY_S = 0.2
_POLL_S = 0.02
_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Playlist:
    name: str
    directives: Directives
    kept: str


@dataclass(frozen=True, slots=True)
class _Part:
    name: str
    msn: int
    index: int


_BEGINNING = "beginning"


class Follower:
    """Reads one broadcast's ticks from the start of its window for as long as it is wanted."""

    def __init__(self, record: Playback, log: Log, *, window_s: float, low_latency: bool) -> None:
        self.record = record
        self.program = LiveProgram(window_s=window_s, low_latency=low_latency)
        self.asked_at = asyncio.get_running_loop().time()
        self.is_readable = True
        self.ended = asyncio.Event()
        self._log = log
        self._subject = subjects.ticks(record.shard, record.broadcast_id)
        self._renderers: dict[str, MediaRenderer] = {}
        self._rendered: dict[tuple[str, DeltaRequest, str, bool], tuple[int, Response]] = {}
        self._media: dict[str, Response] = {}
        self._waiting = Waiting()
        self._is_caught_up = False
        self._newest = 0
        self.why_broken: str | None = None
        """Why the log can be followed no longer; None while it can."""
        self._reading = spawn(self._read_or_break(), name=f"follow {record.broadcast_id}")

    @property
    def is_broken(self) -> bool:
        return self.why_broken is not None

    @property
    def is_ready(self) -> bool:
        """True once there is a picture and all that was in the log at the start has been read: an older edge than
        the true one would make players begin in the past."""
        return self._is_caught_up and self.program.has_begun

    async def caught_up(self, *, timeout_s: float = 3.0) -> None:
        """Return when all that was in the log has been read, or after that time."""
        try:
            async with asyncio.timeout(timeout_s):
                # Three flags of which one is asked for once a viewer at most: an event each would be more.
                while not (self._is_caught_up or self.ended.is_set() or self.is_broken):  # noqa: ASYNC110  see above
                    await asyncio.sleep(_POLL_S)
        except TimeoutError:
            return

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def close(self) -> None:
        """Let go; whoever waits is told to ask again."""
        await cancel(self._reading)
        self._waiting.answer(lambda _: refusal(503))

    # -- the log ----------------------------------------------------------------------------------

    async def _read_or_break(self) -> None:
        try:
            await self._read()
        except BusError as error:
            self.why_broken = repr(error)

    async def _read(self) -> None:
        start = await self._find_start()
        assembler = TickAssembler()
        sequences: list[int] = []
        async with self._log.read([self._subject], from_sequence=start) as entries:
            async for entry in entries:
                try:
                    frame = decode_frame(entry.payload)
                    sequences = [entry.sequence] if frame.index == 0 else [*sequences, entry.sequence]
                    tick = assembler.feed(entry.sequence, entry.payload)
                except TickError as error:
                    _log.error("a tick cannot be read", broadcast=self.record.broadcast_id, reason=str(error))
                    continue
                if tick is None or not (self.program.version or tick.head.HasField("state")):
                    continue
                self.program.feed(tick, sequences)
                self._is_caught_up = self._is_caught_up or entries.is_caught_up or tick.last_sequence >= self._newest
                self._wake()
                if self.program.has_ended:
                    self.ended.set()
                    return

    async def _find_start(self) -> int:
        """The sequence at which the live window begins, by the last state in the log."""
        while True:
            try:
                last = await self._log.last(self._subject)
                if last is not None:
                    self._newest = last.sequence
                    return await self._window_start(last.sequence)
            except Unavailable:
                self.is_readable = False
            else:
                return 1
            await asyncio.sleep(_RETRY_S)

    async def _window_start(self, sequence: int) -> int:
        """Walk back to a whole tick, then to the state that it names."""
        self.is_readable = True
        assembler = TickAssembler()
        entry = await self._log.get(sequence)
        while entry is not None:
            frame = decode_frame(entry.payload)
            if frame.index == 0:
                tick = assembler.feed(entry.sequence, entry.payload)
                head = tick.head if tick is not None else None
                if head is not None and head.HasField("state"):
                    window = head.state.window
                    return window[0].sequence if window else entry.sequence
                if head is not None:
                    entry = await self._log.get(head.state_sequence)
                    continue
            entry = await self._log.get(frame.previous) if frame.previous else None
        return 1

    def _wake(self) -> None:
        self._waiting.answer(self._find)

    # -- what is asked ----------------------------------------------------------------------------

    def playlist(self, name: str, directives: Directives, query: str) -> Response | Pending:
        """A media playlist, once it has what the directives ask for. Errors: QueryError."""
        track = self.program.track_named(name)
        if track is None:
            return answers.not_there()
        wanted = _Playlist(name, directives, propagated(query))
        edge = self.program.edge(track)
        if is_satisfied(directives, edge):
            return self._playlist_response(track, wanted)
        check_reach(directives, edge)
        return self._waiting.add(wanted, asyncio.get_running_loop().time())

    def _playlist_response(self, track: Track, wanted: _Playlist, *, is_late: bool = False) -> Response:
        key = (wanted.name, wanted.directives.delta, wanted.kept, wanted.directives.msn is not None and not is_late)
        found = self._rendered.get(key)
        if found is not None and found[0] == self.program.version:
            return found[1]
        renderer = self._renderers.setdefault(wanted.name, MediaRenderer())
        body = renderer.template(self.program.window(track), delta=wanted.directives.delta)
        response = answers.playlist(with_query(body, wanted.kept), max_age_s=self._max_age_s(wanted, is_late=is_late))
        if len(self._rendered) > 256:
            self._rendered.clear()
        self._rendered[key] = (self.program.version, response)
        return response

    def _max_age_s(self, wanted: _Playlist, *, is_late: bool) -> int:
        """A playlist that was waited for is the same for all who wait for that; any other is stale in a moment."""
        if self.program.has_ended:
            return 1
        if is_late:
            return 0
        return self.program.ledger.state.target_duration_s if wanted.directives.msn is not None else 1

    def multivariant(self, base: str, query: str) -> Response | Pending:
        """The multivariant playlist, as soon as there is a picture."""
        if not self.is_ready:
            return self._waiting.add((_BEGINNING, base, propagated(query)), asyncio.get_running_loop().time())
        return self._multivariant_response(base, propagated(query))

    def _multivariant_response(self, base: str, kept: str) -> Response:
        body = multivariant_template(self.program.multivariant(base))
        return answers.playlist(with_query(body, kept), max_age_s=1)

    def part(self, name: str, msn: int, index: int) -> Response | Pending:
        """A part; the one that is hinted at is waited for."""
        track = self.program.track_named(name)
        found = self._part_response(_Part(name, msn, index)) if track is not None else None
        if found is not None or track is None:
            return found or answers.not_there()
        is_next = msn == self.program.open_msn and index == len(track.open_parts)
        if not is_next or self.program.has_ended:
            return answers.not_there()
        return self._waiting.add(_Part(name, msn, index), asyncio.get_running_loop().time())

    def _part_response(self, wanted: _Part) -> Response | None:
        track = self.program.track_named(wanted.name)
        data = track.part_bytes(wanted.msn, wanted.index) if track is not None else None
        if data is None:
            return None
        return self._kept(f"{wanted.name}/{wanted.msn}.{wanted.index}", data)

    def segment(self, name: str, msn: int) -> Response | None:
        """A closed segment that is still in memory."""
        track = self.program.track_named(name)
        data = track.segment_bytes(msn) if track is not None else None
        return None if data is None else self._kept(f"{name}/{msn}", data)

    def init(self, name: str, init_id: str) -> Response | None:
        """An init segment."""
        data = self.program.inits.get((name, init_id))
        return None if data is None else self._kept(f"{name}/init-{init_id}", data)

    def _kept(self, path: str, data: bytes | list[bytes]) -> Response:
        """The response for these bytes, made once."""
        found = self._media.get(path)
        if found is None:
            if len(self._media) > 512:
                self._media.clear()
            found = self._media[path] = answers.media(data, etag=f'"{self.record.broadcast_id[:8]}-{path}"')
        return found

    # -- those who wait ---------------------------------------------------------------------------

    def _find(self, wanted: Hashable) -> Response | None:
        if isinstance(wanted, _Part):
            response = self._part_response(wanted)
            is_passed = wanted.msn < self.program.open_msn or self.program.has_ended
            return response or (answers.not_there() if is_passed else None)
        if isinstance(wanted, _Playlist):
            track = self.program.track_named(wanted.name)
            if track is None or not is_satisfied(wanted.directives, self.program.edge(track)):
                return None
            return self._playlist_response(track, wanted)
        if isinstance(wanted, tuple) and self.is_ready:
            return self._multivariant_response(str(wanted[1]), str(wanted[2]))
        return answers.not_live() if self.program.has_ended else None

    def sweep(self, now: float) -> None:
        """Answer who has waited as long as the specification allows: with what there is, a gap being no error."""
        wait_s = longest_wait_us(self.program.ledger.state.target_duration_s or 2) / 1e6
        self._waiting.answer_late(now - wait_s, self._find_late)

    def _find_late(self, wanted: Hashable) -> Response:
        if isinstance(wanted, _Playlist) and self._log.bus.is_connected:
            track = self.program.track_named(wanted.name)
            if track is not None:
                return self._playlist_response(track, wanted, is_late=True)
        if isinstance(wanted, tuple):
            return answers.not_live()
        return answers.not_there() if isinstance(wanted, _Part) else refusal(503)
