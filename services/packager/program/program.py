"""One broadcast's program: what its two instances send becomes one continuous picture. Pure.

`feed` takes one message of the media log and gives the ticks that follow from it. Each tick must be in the log, and
`written` be called, before the next is asked for: what a tick says depends on where the ones before it lie. Only
`pass_time` knows a clock, for what the log cannot say: that nothing comes any more.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace

from headwater.internal.v1.cmaf_pb2 import End, ProgramClock, Rendition, Segment, Source, Tick
from headwater.internal.v1.facts_pb2 import Fact
from services.common.input_rules import GOP_OUT_OF_RANGE, UNSUPPORTED_AUDIO_CODEC, UNSUPPORTED_VIDEO_CODEC, applies
from services.common.media.unit import AUDIO, CLOCK_RATE, VIDEO, Config, Track, Unit
from services.packager.program.cutter import LEAD_SILENCE, Cutter, TickCut
from services.packager.program.draft import Draft
from services.packager.program.election import Choice, OnAir, elect, is_gone, joining_key
from services.packager.program.held import HeldPictures
from services.packager.program.input_rules import GopWatch
from services.packager.program.instance import Instance
from services.packager.program.lane import Lane
from services.packager.program.ledger import Ledger
from services.packager.program.ordering import NOWHERE, Item
from services.packager.program.pace import key_period, make_pace, survey
from services.packager.program.parts import write_parts
from services.packager.program.position import mark_cursors, mark_reading
from services.packager.program.recording_limit import note_limit
from services.packager.program.rendition import describe, install
from services.packager.program.saying import note
from services.packager.program.settings import ProgramSettings
from services.packager.program.takeover import inherit, mark_cuts

START_TIME = CLOCK_RATE
"""Program time of a broadcast's first key frame: sound that belongs before it still has a time above 0."""

MAX_HOLE = CLOCK_RATE
"""A longer hole in a connection's time is not shown as a standing picture; it is a discontinuity."""


class Program:
    """The program of one broadcast: begun if the ledger is empty, else gone on with."""

    def __init__(self, ledger: Ledger, settings: ProgramSettings, *, epoch: int) -> None:
        self.ledger = ledger
        self.epoch = epoch
        self.facts: deque[Fact] = deque()
        """What has happened since the shell last looked."""
        self._settings = settings
        heritage = inherit(ledger, segment_min=round((settings.pace.segment_s - 0.05) * CLOCK_RATE))
        self.instances = heritage.instances
        self._cutter: Cutter | None = heritage.cutter
        self._on_air = heritage.on_air
        self._offset = heritage.offset
        self._is_break = heritage.is_break
        self._is_state_due = True
        self._last_fed = max(ledger.head.position.read_from - 1, 0)
        self._in_hand: Item | None = None
        self._held = HeldPictures()
        self._gop = GopWatch(settings.gop) if applies(ledger.state.rules) else None
        self._newest = self._cutter.end_time if self._cutter is not None else 0
        """Program time of the newest unit of any track."""
        self._refused: set[Track] = set()
        self._is_keyless = False
        self._looking_since_us = 0

    @property
    def read_from(self) -> int:
        """Stream sequence of the media log at which reading begins."""
        return self._last_fed + 1

    @property
    def on_air(self) -> OnAir | None:
        """Which connection the program is made of now."""
        return self._on_air

    @property
    def has_begun(self) -> bool:
        return self._cutter is not None

    @property
    def lost_since_us(self) -> int:
        """Since when nobody has given media (Unix microseconds); 0 while somebody does, or before the beginning."""
        return self.ledger.state.lost_since_us

    # -- what comes in ----------------------------------------------------------------------------

    def feed(self, instance: str, sequence: int, stamp_us: int, message: bytes) -> Iterator[Draft]:
        """Take one message of the media log. FramingError for foreign bytes."""
        self._last_fed = max(self._last_fed, sequence)
        found = self.instances.get(instance)
        if found is None or not found.feed(sequence, stamp_us, message):
            return
        yield from self._consider(found)
        if self._on_air is None or self._on_air.instance != found.name:
            self._forget_behind(found)

    def pass_time(self, now_us: int) -> Iterator[Draft]:
        """Note that nothing has come for a while and that the bus is not why; `now_us` is the log's time."""
        self._looking_since_us = self._looking_since_us or now_us
        if not self.has_begun:
            yield from self._begin_late(before_us=now_us - self._settings.quiet_us)
        if self._on_air is None or self.lost_since_us:
            return
        # An heir need not have read anything of what was heard before it began to look.
        heard_us = self.instances[self._on_air.instance].newest_us or self._looking_since_us
        if now_us - heard_us > self._settings.quiet_us:
            yield from self._lose("silent", at_us=heard_us)

    def end(self, reason: str, now_us: int) -> Iterator[Draft]:
        """End the broadcast: what is pending, then the end message."""
        if not self.has_begun:
            yield from self._begin_late(before_us=now_us)
        # Said with the last parts, so that nobody is told to wait for another one.
        self.ledger.state.lost_since_us = self.lost_since_us or now_us
        self._is_state_due = True
        yield from self._flush()
        head = self._head(ends_segment=False)
        head.end.CopyFrom(End(reason=reason, time_us=now_us))
        self._is_state_due = True
        yield self._seal(head, ())

    def speak(self) -> Iterator[Draft]:
        """Say the state again: to claim the log, or because nothing else has been said for a while."""
        self._is_state_due = True
        yield self._seal(self._head(ends_segment=False), ())

    def change_rules(self, *, reconnect_window_ms: int, fail_back: bool) -> None:
        """Take the rules that may change during a broadcast; the next state says them."""
        rules = self.ledger.state.rules
        if (rules.reconnect_window_ms, rules.fail_back) != (reconnect_window_ms, fail_back):
            rules.reconnect_window_ms, rules.fail_back = reconnect_window_ms, fail_back
            self._is_state_due = True

    def written(self, draft: Draft, sequences: Sequence[int]) -> Segment | None:
        """Note that a draft lies in the log at these sequences; the segment message that follows from it."""
        return self.ledger.apply(draft.head, sequences)

    # -- who is on air ----------------------------------------------------------------------------

    def _consider(self, found: Instance) -> Iterator[Draft]:
        current = self.instances[self._on_air.instance] if self._on_air else None
        if current is not None and self._on_air is not None and current.connection == self._on_air.connection:
            yield from self._drain(current)
        elif self.has_begun:
            found.forget_stale()
        choice = elect(
            self._on_air,
            self.instances.values(),
            fail_back=self.ledger.state.rules.fail_back,
            limits=self._settings.limits,
            is_first=not self.has_begun,
        )
        if choice is not None:
            yield from self._follow(choice)
        if self._on_air is None:
            return
        current = self.instances[self._on_air.instance]
        if is_gone(current, self._on_air):
            yield from self._lose(current.closed or "replaced", at_us=current.newest_us, gone=current)

    def _follow(self, choice: Choice) -> Iterator[Draft]:
        if not self.has_begun:
            yield from self._begin(choice.instance)
        elif self._has_shown_itself(choice.instance) and (
            choice.reason != "fail-back" or self._is_ahead(choice.instance)
        ):
            yield from self._go_over(choice)

    def _has_shown_itself(self, instance: Instance) -> bool:
        """True unless its sound runs ahead of a picture that is to be expected."""
        return instance.has_video or VIDEO not in self._lanes or instance.kept_span > LEAD_SILENCE

    def _is_ahead(self, instance: Instance) -> bool:
        """True if a key frame is there that has not been shown: to go back is no reason to show anything again."""
        end = self._end_by(instance)
        return end is not None and instance.key_times[-1] >= end

    def _begin_late(self, *, before_us: int) -> Iterator[Draft]:
        """Begin with what there is, if its encoder has not been heard of since `before_us`."""
        for instance in self.instances.values():
            if not self.has_begun and instance.key_times and instance.newest_us <= before_us:
                yield from self._begin(instance, is_late=True)

    def _begin(self, instance: Instance, *, is_late: bool = False) -> Iterator[Draft]:
        opening = survey(instance, self._settings.pace, is_late=is_late)
        if opening is None:
            return
        instance.forget_before(opening.key)
        pace = make_pace(self._settings.pace, opening)
        self.ledger.state.target_duration_s = pace.target_duration_s
        self.ledger.state.frame_interval = pace.frame
        self._cutter = Cutter(pace, key_period=key_period(self._settings.pace, opening.gop))
        yield from self._join(instance, opening.key, START_TIME, "started")

    def _go_over(self, choice: Choice) -> Iterator[Draft]:
        instance = choice.instance
        is_other = self._on_air is not None and instance.name != self._on_air.instance
        if is_other and self._cutter is not None:
            # Pictures that wait for their sound, and what would be a segment by itself, the other has, too.
            self._held.leave(self._cutter.shown_end_time)
            self._cutter.drop_unbegun()
        yield from self._flush(is_torn=is_other or self._is_torn, successor=instance)
        if self._on_air is None and instance.connection > self.ledger.state.source.connection:
            # An encoder that has come after a gap: all that it has sent is new.
            key = instance.key_times[0]
        else:
            key = joining_key(instance, end=self._end_by(instance))
        instance.forget_before(key)
        self._is_break = True
        yield from self._join(instance, key, self._joint(instance) - instance.delay_at(key), choice.reason)

    @property
    def _is_torn(self) -> bool:
        """True if what is on air has been cut off or is left: what it still had to send does not come."""
        current = self.instances[self._on_air.instance] if self._on_air is not None else None
        return current is not None and not current.is_closed_cleanly

    def _joint(self, instance: Instance) -> int:
        """Program time at which another source goes on: where the picture has been shown, if both have one."""
        video = self._lanes.get(VIDEO)
        if video is None or not instance.has_video or self._end_time - video.end_time > LEAD_SILENCE:
            return self._end_time
        return max(video.shown_end_time, START_TIME)

    def _join(self, instance: Instance, key: int, program_time: int, reason: str) -> Iterator[Draft]:
        """Let the instance's time `key` be `program_time`, for all tracks alike, and go on with what it has."""
        state = self.ledger.state
        before = state.source.instance
        for each in self.instances.values():
            each.is_on_air = each is instance
        self._on_air = OnAir(instance.name, instance.connection)
        for lane in self._lanes.values():
            lane.join()
        self._refused.clear()
        wall_us = instance.clock.wall_us(key) or instance.newest_us
        if state.HasField("clock"):  # what is shown again may not be dated again (RFC 8216bis 6.2.1)
            wall_us = max(wall_us, self._wall_us(program_time + instance.delay_at(key)))
        delay = self._cutter.delay if self._cutter is not None else 0
        state.source.CopyFrom(Source(instance=instance.name, connection=instance.connection, delay=delay))
        self._set_clock(key, program_time, wall_us)
        self._set_delay(instance.delay_at(key))
        state.clock.program_time += state.source.delay
        state.source_reason, state.source_time_us = reason, instance.newest_us
        was_lost, state.lost_since_us = state.lost_since_us, 0
        changed = self._say(instance.newest_us, instance.name).source_changed
        changed.from_instance, changed.connection, changed.reason = before, instance.connection, reason
        if was_lost:
            self._say(instance.newest_us, instance.name).media_resumed.connection = instance.connection
        yield from self._drain(instance)

    def _set_clock(self, dts: int, program_time: int, wall_us: int) -> None:
        """From now on the source's time `dts` is `program_time`, and that is `wall_us` on the wall."""
        self._offset = program_time - dts
        self._newest = program_time
        self.ledger.state.source.offset = self._offset
        self.ledger.state.clock.CopyFrom(ProgramClock(program_time=program_time, wall_time_us=wall_us))
        self._is_state_due = True

    def _set_delay(self, delay: int) -> None:
        """From now on the source's key frames are shown this much later than they are decoded."""
        if self._cutter is not None and self._cutter.set_delay(delay):
            self.ledger.state.source.delay = self._cutter.delay
            self._is_state_due = True

    def _lose(self, reason: str, *, at_us: int, gone: Instance | None = None) -> Iterator[Draft]:
        """Nobody gives media: put out what is pending, and let the reconnect window run from now.

        `gone`: what is on air, if its connection is over.
        """
        state = self.ledger.state
        if not self.lost_since_us:
            state.lost_since_us = at_us
            lost = self._say(at_us, state.source.instance).media_lost
            lost.reason = reason
            lost.window_ends_us = at_us + state.rules.reconnect_window_ms * 1000
        self._is_state_due = True
        yield from self._flush(is_torn=gone is not None and self._is_torn)
        if gone is not None:
            # An heir reads nothing more of a source that is said to be closed: not before all of it is in the log.
            state.source.is_closed = self._is_state_due = True
            self._on_air, gone.is_on_air = None, False
        if self._is_state_due:
            yield from self.speak()

    def _forget_behind(self, instance: Instance) -> None:
        """Of an instance that is not on air keep what lies after its last key frame before the program's end."""
        if self._on_air is not None:
            if instance.closed is not None:
                instance.forget()
                return
            end = self._end_by(instance)
            if end is not None:
                instance.forget_shown(lambda key: key < end)
        instance.bound()

    # -- the program clock ------------------------------------------------------------------------

    @property
    def _lanes(self) -> dict[Track, Lane]:
        return self._cutter.lanes if self._cutter is not None else {}

    @property
    def _end_time(self) -> int:
        """Program time at which all that has been put out ends; the beginning before there is anything."""
        return max(self._cutter.end_time if self._cutter is not None else 0, START_TIME)

    def _end_by(self, instance: Instance) -> int | None:
        """The instance's decode time at which what has been put out ends: by the clock of what is on air, if it is.

        That may drift from ours.
        """
        current = self.instances[self._on_air.instance] if self._on_air is not None else None
        if current is not None and self._on_air is not None and current.connection == self._on_air.connection:
            end = instance.clock.dts_like(self._end_time - self._offset, current.clock)
            if end is not None:
                return end
        state = self.ledger.state
        if not state.HasField("clock"):
            return None
        return instance.clock.dts(self._wall_us(self._end_time + state.source.delay))

    def _wall_us(self, program_time: int) -> int:
        clock = self.ledger.state.clock
        return clock.wall_time_us + (program_time - clock.program_time) * 1_000_000 // CLOCK_RATE

    # -- what goes out ----------------------------------------------------------------------------

    def _drain(self, instance: Instance) -> Iterator[Draft]:
        cutter = self._cutter
        if cutter is None:
            return
        if self.lost_since_us and instance.has_units:
            self.ledger.state.lost_since_us = 0
            self._is_state_due = True
            self._say(instance.newest_us, instance.name).media_resumed.connection = instance.connection
        for item in instance.take():
            content = item.content
            if isinstance(content, Config):
                self._in_hand = item if item.sequence else None
                yield from self._configure(content)
                continue
            lane = cutter.lanes.get(content.track)
            if lane is None or content.track in self._refused:
                continue
            self._in_hand = item
            time = content.dts + self._offset
            if time > self._newest:
                if time - self._newest > MAX_HOLE and not lane.is_joining:  # a track's first unit ends no hole
                    yield from self._jump(content, time)
                    time = content.dts + self._offset
                self._newest = time
            yield from self._take(cutter, item, content, time)
        self._in_hand = None

    def _take(self, cutter: Cutter, item: Item, unit: Unit, time: int) -> Iterator[Draft]:
        """Put a unit into its lane: a picture once its sound is there, sound after the pictures it was waited for."""
        sound = cutter.newest_sound
        if unit.track is VIDEO:
            if unit.is_key:
                self._set_delay(unit.cts)
            if self._gop is not None and (reason := self._gop.note(item.place.connection, unit)):
                self._flag(reason)
            self._held.hold(item, unit, time)
        elif sound is not None:
            sound = max(sound, time)
        for held in self._held.release(sound=sound, delay=cutter.delay):
            picture = held.unit
            for cut in cutter.due(cutter.lanes[VIDEO], held.item, held.time, is_key=picture.is_key):
                yield self._draft(cut)
            cutter.lanes[VIDEO].add(held.item, picture, held.time)
        if unit.track is AUDIO:
            for cut in cutter.due(cutter.lanes[AUDIO], item, time, is_key=True):
                yield self._draft(cut)
            cutter.lanes[AUDIO].add(item, unit, time)

    def _flag(self, reason: str) -> None:
        """Say that the source breaks a rule, unless that was said before."""
        source = self.ledger.state.source
        if not source.is_flagged:
            source.is_flagged = self._is_state_due = True
            self._say_rejected(GOP_OUT_OF_RANGE, reason, time_us=self.instances[source.instance].newest_us)

    def _refuse(self, track: Track, reason: str) -> None:
        """Go on without a track that cannot be packaged, and say so; its config comes again with each key frame."""
        state = self.ledger.state
        if track not in self._refused and applies(state.rules):
            code = UNSUPPORTED_VIDEO_CODEC if track is VIDEO else UNSUPPORTED_AUDIO_CODEC
            words = f"{'picture' if track is VIDEO else 'sound'} cannot be packaged: {reason}"
            # As of when the source came, which is in the log: an heir that finds the same says the same fact.
            self._say_rejected(code, words, time_us=state.source_time_us)
        self._refused.add(track)

    def _say_rejected(self, code: str, reason: str, *, time_us: int) -> None:
        found = self._say(time_us, self.ledger.state.source.instance).input_rejected
        found.code, found.reason = code, reason

    def _configure(self, config: Config) -> Iterator[Draft]:
        """Take a codec configuration; another one than before ends the segment and makes a discontinuity."""
        lane = self._lanes.get(config.track)
        if self._cutter is None:
            return
        if lane is not None and lane.config == config:
            self._refused.discard(config.track)
            return
        try:
            rendition = describe(config, int(config.track))
        except ValueError as error:
            self._refuse(config.track, str(error))
            return
        self._refused.discard(config.track)
        if lane is not None:
            yield from self._flush()
            self._is_break = True
        self._install(self._cutter, config, rendition)

    def _install(self, cutter: Cutter, config: Config, rendition: Rendition) -> None:
        """Put a rendition into the state, in place of the one with its number."""
        install(self.ledger.state, rendition, cutter.pace)
        lane = cutter.lanes[config.track] = Lane.open(config, rendition, video_frame=cutter.pace.frame)
        lane.cursor = self._in_hand.place if self._in_hand is not None else NOWHERE
        self._is_state_due = True

    def _jump(self, unit: Unit, time: int) -> Iterator[Draft]:
        """Close a hole in a connection's time: the media goes on at once, and the date says what is missing."""
        wall_us = self._wall_us(time)
        yield from self._flush()
        self._set_clock(unit.dts, self._end_time, wall_us)
        if (sound := self._lanes.get(AUDIO)) is not None:
            sound.is_joining = True
        self._is_break = True

    def _flush(self, *, is_torn: bool = False, successor: Instance | None = None) -> Iterator[Draft]:
        """Put out all that is pending, and end the segment.

        `is_torn` says that pictures are missing which were still to come; `successor` has the sound of what follows.
        """
        cutter = self._cutter
        if cutter is None:
            return
        sound = cutter.newest_sound
        for held in self._held.release_all():
            # A key frame without sound of its own goes into the segment before: none may have a picture alone.
            has_sound = sound is None or sound >= held.time + cutter.delay
            for cut in cutter.due(cutter.lanes[VIDEO], held.item, held.time, is_key=held.unit.is_key and has_sound):
                yield self._draft(cut)
            cutter.lanes[VIDEO].add(held.item, held.unit, held.time)
        if is_torn:
            cutter.close_ranks()
        if successor is not None and successor.tracks >= set(cutter.lanes):
            cutter.drop_unseen()
        for cut in cutter.flush():
            yield replace(self._draft(cut), is_remnant=cut.ends_segment and bool(cut.cuts))

    def _draft(self, cut: TickCut) -> Draft:
        if self._is_break and not self.ledger.is_segment_open and cut.cuts:
            self.ledger.discontinuity_sequence += 1 if self.ledger.msn else 0
            self._is_break = False
        head = self._head(ends_segment=cut.ends_segment)
        head.program_time_us = self._wall_us(cut.begins)
        parts = write_parts(head, cut.cuts)
        if cut.is_forced and not self._is_keyless:
            # Once, and not for each segment of a GOP without end.
            self._say(head.program_time_us, self.ledger.state.source.instance).keyframes_missed.msn = head.msn
        if cut.ends_segment:
            self._is_keyless = cut.is_forced
        return self._seal(head, parts)

    def _head(self, *, ends_segment: bool) -> Tick:
        return self.ledger.next_head(epoch=self.epoch, ends_segment=ends_segment)

    def _seal(self, head: Tick, parts: tuple[bytes, ...]) -> Draft:
        """Add the position, and the state where it is due: in the first tick of each segment and each source."""
        self._mark_position(head)
        if self._is_state_due or (head.part == 0 and parts):
            state = self.ledger.state
            note_limit(state, head, self._settings.longest_recording_s)
            if self._cutter is not None:
                mark_cuts(state, self._cutter)
            head.state.CopyFrom(state)
            head.state_sequence = 0
            self._is_state_due = False
        return Draft(head, parts)

    def _mark_position(self, head: Tick) -> None:
        waiting = [self._in_hand, self._held.first_item, *[lane.first_item for lane in self._lanes.values()]]
        mark_cursors(head.position, self._lanes)
        mark_reading(
            head.position,
            [item for item in waiting if item is not None],
            self.instances.values(),
            on_air=self._on_air,
            last_fed=self._last_fed,
        )

    def _say(self, time_us: int, instance: str) -> Fact:
        return note(self.facts, self.ledger.state, time_us=time_us, instance=instance)
