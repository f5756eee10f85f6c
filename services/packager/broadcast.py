"""One broadcast in this packager: its logs, its program, its end.

A broadcast is taken over, carried on and given up as design.md section 4, points 2, 7 and 8 say. Whoever holds its
lease tries; the CMAF log says who may.
"""

import asyncio
import math
from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import End, Segment, State
from headwater.internal.v1.onair_pb2 import Playback, Rules
from services.common import subjects
from services.common.beat import beat
from services.common.bus.bucket import Bucket, Record
from services.common.bus.entry import Entry
from services.common.bus.errors import BusError
from services.common.bus.facts import FactPublisher
from services.common.bus.log import Log
from services.common.clock import Clock
from services.common.facts import say
from services.common.log import bound, get_logger
from services.common.media.framing import FramingError
from services.common.playback import PlaybackRecords
from services.common.telemetry import continued
from services.packager.counts import Counts
from services.packager.deadline import RUN_TIME, Situation, what_is_due
from services.packager.log_clock import LogClock
from services.packager.on_air_key import OnAirKey
from services.packager.program.draft import Draft
from services.packager.program.kept_back import KeptBack, open_program
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from services.packager.program.takeover import INSTANCES
from services.packager.program.turning_back import turn_back
from services.packager.telling import Teller, ended_fact
from services.packager.tick_log import BrokenLogError, FencedError, TickLog, append_for_good
from services.packager.traces import Traces

TICK_S = 0.25
"""How often a broadcast looks at the clock."""

LAST_WORDS_S = 2.0
"""An encoder that is sent away by an order still has its last message on the way; it is waited for this long."""

MOST_TO_READ_S = 30.0
"""A log that is longer than can be read in this time does not put an end off for ever."""

KEEP_ALIVE_S = 5.0
"""While no media comes, the state is said again this often: design.md section 4, point 2."""

LONGEST_HOLD_S = 0.5
"""A rest of a segment is held back no longer, however long parts are."""

LATE_US = 1_000_000
"""What comes later than this after its encoder sent it is not held back."""

SETTLE_S = 1.0
"""How long a broadcast that is given away may take to finish what it is writing."""

_log = get_logger(__name__)

Carried = Program | KeptBack
"""What is carried on: a program, or one that nobody may see yet."""


class _EndedError(Exception):
    """The end message is in the log and all that follows from it is done."""


def _not_yet() -> bool:
    return False


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

    def __init__(self, record: Playback, *, on_air: Record | None, media: Log, cmaf: Log, around: Surroundings) -> None:
        self.record = record
        self._key = OnAirKey(around.onair, record.livestream_id, record.broadcast_id, on_air)
        self._media = media
        self._cmaf = cmaf
        self._around = around
        self._ticks = TickLog(cmaf, subjects.ticks(record.shard, record.broadcast_id))
        self._teller = Teller(around.facts, around.counts)
        self._traces = Traces()
        self._clock = LogClock()
        self._program: Carried | None = None
        self._busy = asyncio.Lock()
        self._spoke_at = self._shown_at = -math.inf
        self._heard_at = 0.0
        self._media_at_us = 0
        self._is_caught_up = _not_yet
        self._due_since: float | None = None

    @property
    def program(self) -> Carried | None:
        """The program, once it has been taken over."""
        return self._program

    def note_on_air(self, record: Record | None) -> None:
        """Tell what the key `onair` of its livestream holds now; None: nothing, or another broadcast."""
        self._key.note(record)

    async def settle(self) -> None:
        """Finish what is being written and begin nothing more, so that another packager finds whole ticks."""
        try:
            async with asyncio.timeout(SETTLE_S):
                await self._busy.acquire()
        except TimeoutError:
            _log.info("a tick is left unfinished", broadcast=self.record.broadcast_id)

    async def run(self) -> str:
        """Carry the broadcast on until it ends or another packager has it; the reason."""
        reason = ""
        with bound(broadcast=self.record.broadcast_id, livestream=self.record.livestream_id):
            try:
                await self._run()
            except* _EndedError:
                reason = "ended"
            except* FencedError as fenced:
                self._around.counts.fenced.inc()
                reason = f"fenced: {fenced.exceptions[0]}"
            except* (BusError, BrokenLogError) as failed:
                reason = f"{type(failed.exceptions[0]).__name__}: {failed.exceptions[0]}"
        return reason

    async def _run(self) -> None:
        program = await self._take_over()
        if program.ledger.has_ended:
            await self._finish(program, program.ledger.head.end)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep_time())
            group.create_task(self._read(program.read_from))

    async def _take_over(self) -> Carried:
        record = self.record
        rules = self._rules() or Rules(
            record=record.is_recorded, is_gated=record.is_gated, is_hidden=record.is_hidden, tenant_id=record.tenant_id
        )
        state = State(
            livestream_id=self.record.livestream_id,
            broadcast_id=self.record.broadcast_id,
            start_time_us=self.record.start_time_us,
            rules=rules,
        )
        found = await self._ticks.load(state, window_s=self._around.settings.window_s)
        program = self._program = open_program(found.ledger, self._around.settings, epoch=found.ledger.epoch + 1)
        self._traces.inherit(program.ledger.state, found.trace)
        if program.ledger.state_sequence:
            self._around.counts.resumed.inc()
            _log.info("taking over a broadcast", msn=program.ledger.msn, epoch=program.epoch)
        else:
            _log.info("beginning a broadcast")
        for segment in found.segments:
            await self._announce(program, segment)
        self._teller.tell_again(program.ledger.state)
        if not program.ledger.has_ended:
            await self._speak(program)
        return program

    def _rules(self) -> Rules | None:
        return self._key.value.rules if self._key.value is not None else None

    # -- the two things that happen ---------------------------------------------------------------

    async def _read(self, from_sequence: int) -> None:
        subject = subjects.media(self.record.shard, "*", self.record.broadcast_id)
        async with self._media.read([subject], from_sequence=from_sequence) as entries:
            self._is_caught_up = lambda: entries.is_caught_up
            async for entry in entries:
                async with self._busy:
                    if self._program is not None:
                        await self._feed(self._program, entry)

    async def _feed(self, program: Carried, entry: Entry) -> None:
        self._heard_at = self._around.clock.monotonic()
        self._turn_back(program, self._clock.note(entry.time_us, self._heard_at))
        self._media_at_us = max(self._media_at_us, entry.time_us)
        instance = subjects.instance_of(entry.subject)
        self._traces.note(instance, entry)
        try:
            held_s = 0.0
            for draft in program.feed(instance, entry.sequence, entry.time_us, entry.payload):
                if draft.is_remnant:
                    held_s += await self._let_players_load(entry)
                await self._write(program, draft)
                if draft.head.parts:
                    delay_s = (self._now_us() - entry.time_us) / 1e6 - held_s
                    self._around.counts.part_delay.observe(max(0.0, delay_s))
        except FramingError as error:
            _log.error("a message of the media log cannot be read", sequence=entry.sequence, reason=str(error))
        self._tell(program)

    async def _keep_time(self) -> None:
        connected_at = self._around.clock.monotonic()
        while True:
            await beat(TICK_S)
            now = self._around.clock.monotonic()
            if not self._cmaf.bus.is_connected:
                connected_at = now
                continue
            async with self._busy:
                if self._program is not None:
                    await self._look(self._program, connected_for_s=now - connected_at)

    async def _look(self, program: Carried, *, connected_for_s: float) -> None:
        quiet_for_s = self._around.clock.monotonic() - self._heard_at
        if min(connected_for_s, quiet_for_s) * 1_000_000 > self._around.settings.quiet_us:
            for draft in program.pass_time(self._now_us()):
                await self._write(program, draft)
            self._tell(program)
        if (rules := self._rules()) is not None:
            program.change_rules(reconnect_window_ms=rules.reconnect_window_ms, fail_back=rules.fail_back)
        if isinstance(program, KeptBack) and self._is_publish_due(program):
            program = await self._publish(program)
        if isinstance(program, KeptBack) and connected_for_s > 1 and self._is_caught_up():
            program.watch(self._now_us())
        await self._note_playback(program)
        due = what_is_due(self._situation(program, connected_for_s))
        if due == RUN_TIME and self._key.value is not None and not self._key.value.end_reason:
            await self._order_end(due)
        elif due is None:
            self._due_since = None
        elif self._has_read_out(program):
            await self._end(program, due)
            return
        if self._around.clock.monotonic() - self._spoke_at > KEEP_ALIVE_S:
            await self._speak(program)
            if isinstance(program, KeptBack):
                await self._let_media_go(program)

    def _has_read_out(self, program: Carried) -> bool:
        """True once what was sent is in the program: an end, however urgent, cuts nothing off that is in the log."""
        now = self._around.clock.monotonic()
        self._due_since = now if self._due_since is None else self._due_since
        waited_s = now - self._due_since
        if waited_s > MOST_TO_READ_S:
            return True
        is_quiet = program.on_air is None or bool(program.lost_since_us) or waited_s > LAST_WORDS_S
        # Whoever keeps his connection has no last words.
        is_quiet = is_quiet or self._key.is_lingering
        return is_quiet and self._is_caught_up()

    def _situation(self, program: Carried, connected_for_s: float) -> Situation:
        return Situation(
            now_us=self._now_us(),
            on_air=self._key.value,
            ordered=self._key.ordered,
            has_begun=program.has_begun,
            lost_since_us=program.lost_since_us,
            start_time_us=self.record.start_time_us,
            publish_time_us=program.ledger.state.publish_time_us,
            media_at_us=self._media_at_us,
            connected_for_s=connected_for_s,
        )

    def _now_us(self) -> int:
        now_us = self._clock.now_us(self._around.clock.monotonic())
        return round(self._around.clock.now() * 1e6) if now_us is None else now_us

    # -- what is written --------------------------------------------------------------------------

    async def _write(self, program: Carried, draft: Draft) -> None:
        ledger = program.ledger
        before = ledger.head.discontinuity_sequence
        trace = self._traces.of(ledger.state) if draft.head.HasField("state") else None
        sequences = await self._ticks.write(draft, previous=ledger.last_sequence, headers=trace)
        self._spoke_at = self._around.clock.monotonic()
        self._around.counts.note(draft, discontinuities=draft.head.discontinuity_sequence - before)
        if draft.parts:
            self._shown_at = self._spoke_at
        segment = program.written(draft, sequences)
        self._tell(program)
        if segment is not None:
            await self._announce(program, segment)

    async def _let_players_load(self, entry: Entry) -> float:
        """Let as long pass since the parts before as if the next one had become whole; the seconds waited.

        hls.js that is still loading a part when the rest of its segment, a few frames, is listed leaves those out, and
        stands before the hole until the segment's parts are no longer listed. What is late already waits for nothing,
        nor does what an end by order leaves: ENDLIST comes with it.
        """
        now = self._around.clock.monotonic()
        wait_s = self._shown_at + min(self._around.settings.pace.part_s, LONGEST_HOLD_S) - now
        if wait_s <= 0 or self._now_us() - entry.time_us > LATE_US:
            return 0.0
        await asyncio.sleep(wait_s)
        self._heard_at = self._around.clock.monotonic()  # what was sent meanwhile lies unread
        return wait_s

    async def _speak(self, program: Carried) -> None:
        """Say the state, and read off the log what time that was."""
        for draft in program.speak():
            await self._write(program, draft)
        last = await self._ticks.last()
        if last is not None and last.sequence == program.ledger.last_sequence:
            self._turn_back(program, self._clock.set(last.time_us, self._spoke_at))

    def _turn_back(self, program: Carried, by_us: int) -> None:
        if by_us:
            _log.warning("the clock of nats-server was put back", by_s=by_us / 1e6)
            turn_back(program, by_us)
            self._media_at_us = max(0, self._media_at_us - by_us)

    def _tell(self, program: Carried) -> None:
        """Say what has happened, in the trace of the encoder that it comes from; mostly nothing has."""
        if not program.facts:
            self._teller.tell(program)
            return
        with continued(self._traces.of(program.ledger.state)):
            self._teller.tell(program)

    async def _announce(self, program: Carried, segment: Segment) -> None:
        """Say a closed segment to the archivers; saying it again is harmless."""
        segment.shard, segment.store_prefix = self.record.shard, self.record.store_prefix
        subject = subjects.segments(self.record.shard, self.record.broadcast_id)
        number = "end" if segment.HasField("end") else str(segment.msn)
        msg_id = f"{self.record.broadcast_id}-{number}"
        with continued(self._traces.of(program.ledger.state)):
            await append_for_good(self._cmaf, subject, segment.SerializeToString(), msg_id=msg_id)

    # -- what is kept back ------------------------------------------------------------------------

    def _is_publish_due(self, program: KeptBack) -> bool:
        """An order stays in the key until the broadcast ends, so it may wait for a picture, or for an heir."""
        key = self._key.value
        return key is not None and bool(key.publish_order_us) and not key.end_reason and program.has_picture

    async def _publish(self, program: KeptBack) -> Program:
        """Write when it was published, and go on from there as an heir would."""
        for draft in program.publish(self._now_us()):
            await self._write(program, draft)
        found = self._program = Program(program.ledger, self._around.settings, epoch=program.epoch)
        _log.info("the program is published")
        return found

    async def _note_playback(self, program: Carried) -> None:
        """Let the playback record say what origins and api must know of a program that goes on."""
        record, state = self.record, program.ledger.state
        picture_lost_us = program.picture_lost_us if isinstance(program, KeptBack) else 0
        told = (state.publish_time_us, state.record_before > 0, picture_lost_us)
        if (record.publish_time_us, record.is_truncated, record.picture_lost_us) == told:
            return

        def edit(playback: Playback) -> None:
            playback.publish_time_us, playback.is_truncated, playback.picture_lost_us = told

        try:
            await self._around.playback.change(record.broadcast_id, edit)
        except BusError as error:
            _log.warning("the playback record cannot be changed yet", reason=str(error))
            return
        if record.publish_time_us != state.publish_time_us:
            self._teller.tell_published(state)
        edit(record)

    async def _let_media_go(self, program: KeptBack) -> None:
        """No segment tells the archivers what is used up; all that lies before the last state is."""
        used_up = program.ledger.head.position.read_from
        try:
            for instance in INSTANCES:
                subject = subjects.media(self.record.shard, instance, self.record.broadcast_id)
                last = await self._media.last(subject)
                if last is not None:
                    await self._media.purge(subject, before=min(used_up, last.sequence))
        except BusError as error:
            _log.debug("media was not purged; the next round will", reason=str(error))

    # -- the end ----------------------------------------------------------------------------------

    async def _order_end(self, reason: str) -> None:
        """End it as an order does: encoders go first, and what they have sent till then is part of it."""
        try:
            await self._key.order_end(reason, self._now_us())
        except BusError as error:
            _log.warning("cannot order the end of the broadcast yet", reason=str(error))

    async def _end(self, program: Carried, reason: str) -> None:
        """Delete the key as it was last seen, then write the end message: design.md section 4, point 8."""
        try:
            if not await self._key.take_off():
                return
        except BusError as error:
            _log.warning("cannot end the broadcast yet", reason=str(error))
            return
        for draft in program.end(reason, self._now_us()):
            await self._write(program, draft)
        await self._finish(program, program.ledger.head.end)

    async def _finish(self, program: Carried, end: End) -> None:
        """What follows from the end message; an heir does it again, and nothing changes."""
        with continued(self._traces.of(program.ledger.state)):
            await self._tell_end(program, end)
        raise _EndedError

    async def _tell_end(self, program: Carried, end: End) -> None:
        state, count = program.ledger.state, program.ledger.msn
        await self._announce(
            program,
            Segment(
                livestream_id=self.record.livestream_id,
                broadcast_id=self.record.broadcast_id,
                msn=state.record_before or count,
                record=self.record.is_recorded,
                end=end,
            ),
        )

        def edit(playback: Playback) -> None:
            if playback.state == Playback.LIVE:
                playback.state = Playback.ENDED
            playback.end_time_us = end.time_us
            playback.publish_time_us, playback.is_truncated = state.publish_time_us, state.record_before > 0

        await self._around.playback.change(self.record.broadcast_id, edit)
        say(self._around.facts, ended_fact(self.record, end, state, count))
        _log.info("broadcast ended", reason=end.reason, segments=count)
