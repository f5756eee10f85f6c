"""The two logs in memory, for tests of pure code: what is written lies there, and may be read again."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from headwater.internal.v1.cmaf_pb2 import Segment, State, Tick
from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Rules
from services.common.media.fragment import read_segment
from services.common.media.init_segment import read_init
from services.packager.program.draft import Draft
from services.packager.program.ledger import Ledger
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.encoder import Message


def digest(payload: bytes) -> str:
    """A sample's short name in assertions."""
    return hashlib.md5(payload).hexdigest()[:8]  # noqa: S324 - tells frames apart, nothing more


def new_ledger(**rules: object) -> Ledger:
    """The ledger of a broadcast that has not begun."""
    known = {"reconnect_window_ms": 120_000, "record": True} | rules
    state = State(livestream_id="l" * 32, broadcast_id="b" * 32, rules=Rules(**known))  # type: ignore[arg-type]
    return Ledger(state, window_s=30)


@dataclass(repr=False)
class Logs:
    """A media log and the CMAF log that a program makes of it."""

    media: list[Message] = field(default_factory=list)
    ticks: list[tuple[int, Tick, tuple[bytes, ...]]] = field(default_factory=list)
    segments: list[Segment] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    states: list[bytes] = field(default_factory=list)
    """The writer's state after each tick, serialised."""
    remnants: list[int] = field(default_factory=list)
    """Numbers of the segments that ended with a remnant."""
    sequence: int = 100

    def write(self, program: Program, drafts: Iterable[Draft]) -> int:
        """Write drafts as they come; how many there were."""
        count = 0
        for draft in drafts:
            self.sequence += 3
            head = Tick.FromString(draft.head.SerializeToString())
            self.ticks.append((self.sequence, head, draft.parts))
            if draft.is_remnant:
                self.remnants.append(head.msn)
            if segment := program.written(draft, [self.sequence]):
                self.segments.append(segment)
            self.states.append(program.ledger.state.SerializeToString(deterministic=True))
            count += 1
        self.facts.extend(program.facts)
        program.facts.clear()
        return count

    def run(self, program: Program, *, stop_after: int | None = None) -> bool:
        """Feed all of the media log that the program has not read; False if it stopped after that many ticks."""
        left = stop_after
        for index in range(program.read_from, len(self.media) + 1):
            message = self.media[index - 1]
            for draft in program.feed(message.instance, index, message.stamp_us, message.payload):
                self.write(program, [draft])
                if left is not None:
                    left -= 1
                    if left <= 0:
                        return False
        return True

    def heir(self, *, epoch: int, settings: ProgramSettings | None = None) -> Program:
        """A packager that has nothing but the log: the last tick, and the state it names."""
        ledger = new_ledger()
        if self.ticks:
            last_sequence, last, _ = self.ticks[-1]
            begin = last.state_sequence or last_sequence
            for sequence, head, _ in self.ticks:
                if sequence >= begin:
                    ledger.apply(head, [sequence])
        return Program(ledger, settings or ProgramSettings(), epoch=epoch)

    def samples(self, name: str) -> Iterator[tuple[int, int, int, bool, str]]:
        """decode time, cts, duration, is_key and digest of each sample of a rendition, in order."""
        state = None
        for _, head, parts in self.ticks:
            state = head.state if head.HasField("state") and head.state.renditions else state
            for part, raw in zip(head.parts, parts, strict=True):
                assert state is not None
                rendition = next(r for r in state.renditions if r.number == part.rendition)
                if rendition.name != name:
                    continue
                for fragment in read_segment(raw, read_init(rendition.init)):
                    for s in fragment.samples:
                        yield s.dts, s.cts, s.duration, s.is_key, digest(raw[s.offset : s.offset + s.size])
