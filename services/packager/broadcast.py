"""One broadcast in this packager: its logs, its program, its end.

A broadcast is taken over, carried on and given up as design.md section 4, points 2, 7 and 8 say. Whoever holds its
lease tries; the CMAF log says who may.
"""

import asyncio
from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import End, Segment, State
from headwater.internal.v1.onair_pb2 import OnAir, Playback, Rules
from services.common import subjects
from services.common.bus.bucket import Bucket, Record
from services.common.bus.errors import BusError, Stale
from services.common.bus.facts import FactPublisher
from services.common.bus.log import Log
from services.common.clock import Clock
from services.common.facts import say
from services.common.ids import digest
from services.common.log import bound, get_logger
from services.common.media.framing import FramingError
from services.common.playback import PlaybackRecords
from services.common.tasks import cancel, spawn
from services.packager.counts import Counts, ended_fact
from services.packager.deadline import Situation, what_is_due
from services.packager.program.program import Draft, Program, ProgramSettings
from services.packager.tick_log import FencedError, TickLog, append_for_good

TICK_S = 0.25
"""How often a broadcast looks at the clock."""

KEEP_ALIVE_S = 5.0
"""While no media comes, the state is said again this often: design.md section 4, point 2."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Surroundings:
    """What every broadcast of a packager shares."""

    onair: Bucket
    playback: PlaybackRecords
    facts: FactPublisher
    counts: Counts
    clock: Clock
    settings: ProgramSettings


class Broadcast:
    """One broadcast, from taking it over to giving it up or ending it."""

    def __init__(self, record: Playback, *, media: Log, cmaf: Log, around: Surroundings) -> None:
        self.record = record
        self._media = media
        self._cmaf = cmaf
        self._around = around
        self._ticks = TickLog(cmaf, subjects.ticks(record.shard, record.broadcast_id))
        self._program: Program | None = None
        self._busy = asyncio.Lock()
        self._on_air: Record | None = None
        self._knows_on_air = False
        self._spoke_at = 0.0
        self._media_at_us = 0
        self._ended = asyncio.Event()

    @property
    def program(self) -> Program | None:
        """The program, once it has been taken over."""
        return self._program

    def note_on_air(self, record: Record | None) -> None:
        """Tell what the key `onair` of its livestream holds now; None: nothing, or another broadcast."""
        self._on_air = record
        self._knows_on_air = True

    async def run(self) -> str:
        """Carry the broadcast on until it ends or another packager has it; the reason."""
        with bound(broadcast=self.record.broadcast_id, livestream=self.record.livestream_id):
            try:
                return await self._run()
            except FencedError as error:
                self._around.counts.fenced.inc()
                return f"fenced: {error}"

    async def _run(self) -> str:
        program = await self._take_over()
        if program.ledger.has_ended:
            await self._finish(program.ledger.head.end)
            return "ended"
        timer = spawn(self._keep_time(program), name=f"time of {self.record.broadcast_id}")
        reading = spawn(self._read(program), name=f"media of {self.record.broadcast_id}")
        ended = spawn(self._ended.wait(), name=f"end of {self.record.broadcast_id}")
        try:
            done, _ = await asyncio.wait({timer, reading, ended}, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in (timer, reading, ended):
                await cancel(task)
        return "ended"

    async def _take_over(self) -> Program:
        state = State(
            livestream_id=self.record.livestream_id,
            broadcast_id=self.record.broadcast_id,
            start_time_us=self.record.start_time_us,
            rules=self._rules(),
        )
        found = await self._ticks.load(state, window_s=self._around.settings.window_s)
        program = Program(found.ledger, self._around.settings, epoch=found.ledger.epoch + 1)
        self._program = program
        self._spoke_at = self._around.clock.monotonic()
        if program.ledger.state_sequence:
            self._around.counts.resumed.inc()
            _log.info("taking over", msn=program.ledger.msn, epoch=program.epoch)
        for segment in found.segments:
            await self._announce(segment)
        if not program.ledger.has_ended:
            await self._write(program, next(program.speak()))
        return program

    def _rules(self) -> Rules | None:
        return OnAir.FromString(self._on_air.value).rules if self._on_air is not None else None

    # -- the two things that happen ---------------------------------------------------------------

    async def _read(self, program: Program) -> None:
        subject = subjects.media(self.record.shard, "*", self.record.broadcast_id)
        async with self._media.read([subject], from_sequence=program.read_from) as entries:
            async for entry in entries:
                self._media_at_us = max(self._media_at_us, entry.time_us)
                async with self._busy:
                    await self._feed(program, entry.subject, entry.sequence, entry.time_us, entry.payload)

    async def _feed(self, program: Program, subject: str, sequence: int, stamp_us: int, payload: bytes) -> None:
        try:
            for draft in program.feed(subjects.instance_of(subject), sequence, stamp_us, payload):
                await self._write(program, draft)
                if draft.head.parts:
                    self._around.counts.part_delay.observe(max(0.0, self._around.clock.now() - stamp_us / 1e6))
        except FramingError as error:
            _log.error("a message of the media log cannot be read", sequence=sequence, reason=str(error))
        self._say_facts(program)

    async def _keep_time(self, program: Program) -> None:
        connected_at = self._around.clock.monotonic()
        while True:
            await asyncio.sleep(TICK_S)
            now = self._around.clock.monotonic()
            if not self._cmaf.bus.is_connected:
                connected_at = now
                continue
            async with self._busy:
                await self._look(program, connected_for_s=now - connected_at)

    async def _look(self, program: Program, *, connected_for_s: float) -> None:
        if connected_for_s > self._around.settings.quiet_s:
            for draft in program.pass_time(round(self._around.clock.now() * 1e6)):
                await self._write(program, draft)
            self._say_facts(program)
        due = what_is_due(self._situation(program, connected_for_s))
        if due is not None:
            await self._end(program, due)
        elif self._around.clock.monotonic() - self._spoke_at > KEEP_ALIVE_S:
            await self._write(program, next(program.speak()))

    def _situation(self, program: Program, connected_for_s: float) -> Situation:
        return Situation(
            now_us=round(self._around.clock.now() * 1e6),
            knows_on_air=self._knows_on_air,
            on_air=OnAir.FromString(self._on_air.value) if self._on_air is not None else None,
            has_begun=program.has_begun,
            lost_since_us=program.lost_since_us,
            start_time_us=self.record.start_time_us,
            media_at_us=self._media_at_us,
            connected_for_s=connected_for_s,
        )

    async def _write(self, program: Program, draft: Draft) -> None:
        sequences = await self._ticks.write(draft, previous=program.ledger.last_sequence)
        self._spoke_at = self._around.clock.monotonic()
        self._around.counts.note(draft)
        segment = program.written(draft, sequences)
        if segment is not None:
            await self._announce(segment)

    async def _announce(self, segment: Segment) -> None:
        """Say a closed segment to the archivers; saying it again is harmless."""
        segment.shard, segment.store_prefix = self.record.shard, self.record.store_prefix
        subject = subjects.segments(self.record.shard, self.record.broadcast_id)
        number = "end" if segment.HasField("end") else str(segment.msn)
        msg_id = f"{self.record.broadcast_id}-{number}"
        await append_for_good(self._cmaf, subject, segment.SerializeToString(), msg_id=msg_id)

    # -- the end ----------------------------------------------------------------------------------

    async def _end(self, program: Program, reason: str) -> None:
        """Delete the key as it was last seen, then write the end message: design.md section 4, point 8."""
        if self._on_air is not None and not OnAir.FromString(self._on_air.value).end_reason:
            try:
                await self._around.onair.delete(self.record.livestream_id, self._on_air.revision)
            except Stale:
                return  # an encoder came back: the broadcast lives on
            except BusError as error:
                _log.warning("cannot end the broadcast yet", reason=str(error))
                return
        now_us = round(self._around.clock.now() * 1e6)
        for draft in program.end(reason, now_us):
            await self._write(program, draft)
        self._say_facts(program)
        await self._finish(program.ledger.head.end)
        self._ended.set()

    async def _finish(self, end: End) -> None:
        """What follows from the end message; an heir does it again, and nothing changes."""
        program = self._program
        count = program.ledger.msn if program is not None else 0
        await self._announce(
            Segment(
                livestream_id=self.record.livestream_id,
                broadcast_id=self.record.broadcast_id,
                msn=count,
                record=self.record.is_recorded,
                end=end,
            )
        )

        def edit(playback: Playback) -> None:
            if playback.state == Playback.LIVE:
                playback.state = Playback.ENDED
            playback.end_time_us = end.time_us

        await self._around.playback.change(self.record.broadcast_id, edit)
        say(self._around.facts, ended_fact(self.record, end, count))
        _log.info("broadcast ended", reason=end.reason, segments=count)

    def _say_facts(self, program: Program) -> None:
        while program.facts:
            fact = program.facts.popleft()
            kind = str(fact.WhichOneof("fact"))
            # A function of the log: an heir that comes to the same fact says the same id.
            fact.id = digest(f"{fact.broadcast_id}.{kind}.{fact.time_us}.{fact.instance}")[:32]
            if kind == "source_changed":
                self._around.counts.switched(fact.instance, fact.source_changed.reason)
                _log.info("source changed", instance=fact.instance, reason=fact.source_changed.reason)
            elif kind == "media_lost":
                _log.info("no media", reason=fact.media_lost.reason)
            say(self._around.facts, fact)
