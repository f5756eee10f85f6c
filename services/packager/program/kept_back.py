"""A program that is kept back until it is published: who gives media is known, and nothing is put out. Pure.

It stands in a `Program`'s place, and writes states alone. The message that says when it was published is the place in
the media log where the program begins: who goes on from there, this packager or an heir, reads nothing before it.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import End, Segment, Source, State, Tick
from headwater.internal.v1.facts_pb2 import Fact
from services.common.media.framing import Kind, decode_closed, decode_head, has_track
from services.common.media.unit import Track
from services.packager.program.draft import Draft
from services.packager.program.election import OnAir
from services.packager.program.ledger import Ledger
from services.packager.program.program import Program
from services.packager.program.saying import note
from services.packager.program.settings import ProgramSettings
from services.packager.program.takeover import INSTANCES, inherit

PICTURE_US = 1_000_000
"""What has given no picture for longer than this is not published."""


@dataclass(slots=True)
class _Heard:
    """What an instance was last heard of."""

    connection: int = 0
    newest_us: int = 0
    is_over: bool = True
    picture_us: int = 0
    """When its last picture came; of a connection that has sent none yet, its last sound."""
    has_pictures: bool = False

    def note(self, stamp_us: int, *, is_picture: bool) -> None:
        """Take note of a message."""
        self.newest_us = stamp_us
        self.has_pictures = self.has_pictures or is_picture
        if is_picture or not self.has_pictures:
            self.picture_us = stamp_us


class KeptBack:
    """What is known of a broadcast that nobody may see yet."""

    def __init__(self, ledger: Ledger, settings: ProgramSettings, *, epoch: int) -> None:
        self.ledger = ledger
        self.epoch = epoch
        self.facts: deque[Fact] = deque()
        """What has happened since the shell last looked."""
        self.instances = inherit(ledger, segment_min=0).instances
        """Nothing is fed to them: no unit is read."""
        self._settings = settings
        self._last_fed = max(ledger.head.position.read_from - 1, 0)
        self._heard = {name: _Heard() for name in INSTANCES}
        self._looking_since_us = 0
        self._watching_since_us = 0
        self.picture_lost_us = 0
        """When the last picture came, if that was too long ago to publish it."""
        source = ledger.state.source
        if source.instance in self._heard:
            self._heard[source.instance] = _Heard(source.connection, 0, source.is_closed)

    @property
    def read_from(self) -> int:
        """Stream sequence of the media log at which reading begins."""
        return self._last_fed + 1

    @property
    def on_air(self) -> OnAir | None:
        """Which connection gives media now, as far as it is known."""
        source = self.ledger.state.source
        return OnAir(source.instance, source.connection) if source.connection and not source.is_closed else None

    @property
    def has_begun(self) -> bool:
        """Whether anybody has given media."""
        return self.ledger.state.source.connection > 0

    @property
    def lost_since_us(self) -> int:
        """Since when nobody has given media (Unix microseconds); 0 while somebody does, or before the beginning."""
        return self.ledger.state.lost_since_us

    @property
    def has_picture(self) -> bool:
        """Whether there is something to publish."""
        return self.on_air is not None and not self.lost_since_us

    # -- what comes in ----------------------------------------------------------------------------

    def feed(self, instance: str, sequence: int, stamp_us: int, message: bytes) -> Iterator[Draft]:
        """Take one message of the media log. FramingError for foreign bytes."""
        self._last_fed = max(self._last_fed, sequence)
        heard, head = self._heard.get(instance), decode_head(message)
        if heard is None or head.connection < heard.connection:
            return
        if head.kind is Kind.CLOSED:
            yield from self._note_closed(instance, head.connection, stamp_us, decode_closed(message)[0])
        elif head.connection > heard.connection or not heard.is_over:
            if head.connection > heard.connection:
                heard = self._heard[instance] = _Heard(head.connection)
            heard.is_over = False
            heard.note(stamp_us, is_picture=has_track(message, Track.VIDEO))
            yield from self._note_media(instance, head.connection, stamp_us)

    def _note_media(self, instance: str, connection: int, stamp_us: int) -> Iterator[Draft]:
        current = self.on_air
        if current is None:
            yield from self._go_over(instance, "reconnected" if self.has_begun else "started")
        elif current.instance != instance:
            if stamp_us - self._heard_of(current) > self._settings.limits.silence_us:
                yield from self._go_over(instance, "silent")
        elif current.connection != connection:
            yield from self._go_over(instance, "reconnected")
        elif self.lost_since_us:
            self._resume(stamp_us, OnAir(instance, connection))
            yield from self.speak()

    def _note_closed(self, instance: str, connection: int, stamp_us: int, reason: str) -> Iterator[Draft]:
        self._heard[instance] = _Heard(connection, stamp_us, is_over=True)
        current = self.on_air
        if current is None or current.instance != instance:
            return
        self.ledger.state.source.is_closed = True
        limit_us = self._settings.limits.silence_us
        others = [name for name, heard in self._heard.items() if not heard.is_over]
        if others and stamp_us - self._heard[others[0]].newest_us <= limit_us:
            yield from self._go_over(others[0], "closed")
        else:
            yield from self._lose(reason, at_us=stamp_us)

    def pass_time(self, now_us: int) -> Iterator[Draft]:
        """Note that nothing has come for a while and that the bus is not why; `now_us` is the log's time."""
        self._looking_since_us = self._looking_since_us or now_us
        current = self.on_air
        if current is None or self.lost_since_us:
            return
        heard_us = self._heard_of(current)
        if now_us - heard_us > self._settings.quiet_us:
            yield from self._lose("silent", at_us=heard_us)

    def watch(self, now_us: int) -> None:
        """Look whether pictures come; `now_us` is the log's time, and all that it has was read."""
        self._watching_since_us = self._watching_since_us or now_us
        current = self.on_air
        seen_us = self._heard[current.instance].picture_us if current is not None else self.lost_since_us
        # An heir need not have read anything of what came before it began to watch.
        seen_us = seen_us or self._watching_since_us
        self.picture_lost_us = seen_us if now_us - seen_us > PICTURE_US else 0

    def turn_back(self, by_us: int) -> None:
        """Note that the log's clock was put back by this much."""
        self._looking_since_us = max(0, self._looking_since_us - by_us)
        self._watching_since_us = max(0, self._watching_since_us - by_us)
        for heard in self._heard.values():
            heard.newest_us = max(0, heard.newest_us - by_us)
            heard.picture_us = max(0, heard.picture_us - by_us)

    def _heard_of(self, source: OnAir) -> int:
        # An heir need not have read anything of what was heard before it began to look.
        return self._heard[source.instance].newest_us or self._looking_since_us or self.ledger.state.source_time_us

    # -- who gives media --------------------------------------------------------------------------

    def _go_over(self, instance: str, reason: str) -> Iterator[Draft]:
        state, heard = self.ledger.state, self._heard[instance]
        before = state.source.instance
        state.source.CopyFrom(Source(instance=instance, connection=heard.connection))
        state.source_reason, state.source_time_us = reason, heard.newest_us
        changed = self._say(heard.newest_us, instance).source_changed
        changed.from_instance, changed.connection, changed.reason = before, heard.connection, reason
        if self.lost_since_us:
            self._resume(heard.newest_us, OnAir(instance, heard.connection))
        yield from self.speak()

    def _resume(self, at_us: int, source: OnAir) -> None:
        self.ledger.state.lost_since_us = 0
        self._say(at_us, source.instance).media_resumed.connection = source.connection

    def _lose(self, reason: str, *, at_us: int) -> Iterator[Draft]:
        state = self.ledger.state
        if not state.lost_since_us:
            state.lost_since_us = at_us
            lost = self._say(at_us, state.source.instance).media_lost
            lost.reason, lost.window_ends_us = reason, at_us + state.rules.reconnect_window_ms * 1000
        yield from self.speak()

    # -- what goes out ----------------------------------------------------------------------------

    def publish(self, now_us: int) -> Iterator[Draft]:
        """Say that it is published: a `Program` made of the ledger begins at the next key frame."""
        self.ledger.state.publish_time_us = now_us
        yield from self.speak()

    def speak(self) -> Iterator[Draft]:
        """Say the state."""
        yield self._draft(Tick())

    def end(self, reason: str, now_us: int) -> Iterator[Draft]:
        """End the broadcast: nobody has seen anything of it."""
        self.ledger.state.lost_since_us = self.lost_since_us or now_us
        yield self._draft(Tick(end=End(reason=reason, time_us=now_us)))

    def change_rules(self, *, reconnect_window_ms: int, fail_back: bool) -> None:
        """Take the rules that may change during a broadcast; the next state says them."""
        rules = self.ledger.state.rules
        rules.reconnect_window_ms, rules.fail_back = reconnect_window_ms, fail_back

    def written(self, draft: Draft, sequences: Sequence[int]) -> Segment | None:
        """Note that a draft lies in the log at these sequences."""
        return self.ledger.apply(draft.head, sequences)

    def _draft(self, head: Tick) -> Draft:
        head.epoch = self.epoch
        head.position.read_from = self.read_from
        head.state.CopyFrom(self.ledger.state)
        return Draft(head, ())

    def _say(self, time_us: int, instance: str) -> Fact:
        return note(self.facts, self.ledger.state, time_us=time_us, instance=instance)


def is_kept_back(state: State) -> bool:
    """Whether nobody may see anything of it yet."""
    return state.rules.is_gated and not state.publish_time_us


def open_program(ledger: Ledger, settings: ProgramSettings, *, epoch: int) -> Program | KeptBack:
    """What a packager carries on with, by what the ledger says."""
    if is_kept_back(ledger.state):
        return KeptBack(ledger, settings, epoch=epoch)
    return Program(ledger, settings, epoch=epoch)
