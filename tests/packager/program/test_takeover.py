"""What an heir finds in the log."""

from headwater.internal.v1.cmaf_pb2 import State
from services.common.media.unit import CLOCK_RATE, Track
from services.packager.program.election import OnAir
from services.packager.program.ledger import Ledger
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from services.packager.program.takeover import inherit
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.synthetic import Source, log, with_configs

SEGMENT_MIN = round(1.95 * 90_000)


def _written(until_s: float = 5.0, *, closed: bool = False) -> tuple[Logs, Program]:
    source = Source(tag="t", until_s=until_s)
    logs = Logs(media=log(with_configs(source.units(), source.configs), connection=5, closed=closed))
    program = Program(new_ledger(), ProgramSettings(), epoch=1)
    logs.run(program)
    return logs, program


def test_empty_log_leaves_nothing() -> None:
    """A broadcast that has not begun is begun."""
    heritage = inherit(Ledger(State(), window_s=30), segment_min=SEGMENT_MIN)

    assert (heritage.cutter, heritage.on_air, heritage.is_break) == (None, None, False)


def test_lengths_and_places_are_the_writers() -> None:
    """An heir cuts where the writer would have, and knows what is in the log."""
    logs, program = _written()
    heir = logs.heir(epoch=2)
    heritage = inherit(heir.ledger, segment_min=SEGMENT_MIN)
    writer = program._cutter

    assert writer is not None
    assert heritage.cutter is not None
    assert heritage.cutter.pace == writer.pace
    assert heritage.cutter.segment_start == writer.segment_start
    assert (heritage.cutter.key_time, heritage.cutter.key_period) == (writer.key_time, writer.key_period)
    assert writer.key_time
    assert writer.key_period == 2 * CLOCK_RATE
    for track in Track:
        mine, theirs = heritage.cutter.lanes[track], writer.lanes[track]
        assert (mine.end, mine.cursor, mine.segment_duration) == (theirs.end, theirs.cursor, theirs.segment_duration)
    assert heritage.on_air == program.on_air == OnAir("primary", 5)


def test_closed_source_leaves_nobody_on_air() -> None:
    """Only a later connection gives media, after a discontinuity."""
    logs, _ = _written(closed=True)
    heritage = inherit(logs.heir(epoch=2).ledger, segment_min=SEGMENT_MIN)

    assert heritage.on_air is None
    assert heritage.is_break
    assert heritage.instances["primary"].order.feed(1, 0, logs.media[0].payload) == []


def test_end_of_a_connection_is_told_to_an_heir_until_the_state_says_it() -> None:
    """Whoever dies between the last part of a closed connection and the state after it leaves it to be read again."""
    logs, _ = _written(closed=True)
    last_part = max(index for index, (_, head, _) in enumerate(logs.ticks) if head.parts)
    logs.ticks, media = logs.ticks[: last_part + 1], logs.media
    heir = logs.heir(epoch=2)
    logs.media = media
    logs.run(heir)

    assert heir.ledger.state.source.is_closed
    assert heir.lost_since_us
