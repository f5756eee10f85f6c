"""CMAF logs that programs wrote, and the playlists that an origin makes of them."""

from dataclasses import dataclass, field

from headwater.internal.v1.cmaf_pb2 import Tick
from services.common.media.tick import LoggedTick
from services.packager.hls.render import render_media
from services.packager.origin.live import LiveProgram
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs, new_ledger

START_US = 1_700_000_000_000_000


def logged(media: list[Message], *, end: bool = True, **rules: object) -> Logs:
    """The log of a whole broadcast."""
    logs = Logs(media=media)
    program = Program(new_ledger(**rules), ProgramSettings(), epoch=1)
    logs.write(program, [next(program.speak())])
    logs.run(program)
    if end:
        logs.write(program, program.end("order", 1))
    return logs


def tick_at(logs: Logs, place: int) -> LoggedTick:
    """A tick as the assembler gives it."""
    sequence, head, parts = logs.ticks[place]
    return LoggedTick(sequence, sequence, Tick.FromString(head.SerializeToString()), b"".join(parts))


@dataclass
class Origin:
    """One that began to read at some place, as far as playlists go."""

    program: LiveProgram = field(default_factory=lambda: LiveProgram(low_latency=True))

    def feed(self, logs: Logs, place: int) -> None:
        tick = tick_at(logs, place)
        if self.program.accepts(tick.head):
            self.program.feed(tick, [tick.first_sequence])

    def playlists(self) -> dict[str, str]:
        """Every rendition's media playlist, by the URI that the others know it by."""
        program = self.program
        return {f"{track.name}.m3u8": render_media(program.window(track)).decode() for track in program.tracks.values()}


def window_place(logs: Logs, place: int) -> int:
    """Where an origin begins that finds the tick at `place` to be the last."""
    state_at = next(at for at in range(place, -1, -1) if logs.ticks[at][1].HasField("state"))
    state = logs.ticks[state_at][1].state
    first = logs.ticks[state_at][0]
    if state.window:
        first = state.window[0].sequence
    elif state.segment_sequences:
        first = state.segment_sequences[0]
    return next(at for at, tick in enumerate(logs.ticks) if tick[0] >= first)
