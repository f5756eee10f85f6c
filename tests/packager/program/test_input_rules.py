"""Key frames that come too often or too seldom: told of once for each connection."""

import pytest

from services.common.media.unit import CLOCK_RATE, Track, Unit
from services.packager.program.input_rules import GopLimits, GopWatch
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.synthetic import Source, log, with_configs


def _told(*key_times_s: float, until_s: float, watch: GopWatch | None = None, connection: int = 1) -> list[str]:
    """What is said of pictures each 0.1 s with these key frames."""
    watch = watch or GopWatch(GopLimits())
    found = []
    for number in range(round(until_s * 10)):
        is_key = any(abs(number / 10 - time) < 0.01 for time in key_times_s)
        found.append(watch.note(connection, Unit(Track.VIDEO, number * CLOCK_RATE // 10, 0, is_key, b"")))
    return [text for text in found if text]


@pytest.mark.parametrize("gop_s", [2.0, 4.0, 10.0])
def test_gop_within_the_limits_is_nothing_to_tell(gop_s: float) -> None:
    """2 s and 10 s are within."""
    assert _told(*[gop_s * n for n in range(20)], until_s=35) == []


def test_short_gops_in_a_row_are_told_of_once() -> None:
    """However long it goes on."""
    assert _told(*range(30), until_s=30) == ["a key frame each 1.0 s; one is wanted each 2 to 10 s"]


def test_scene_cuts_are_no_short_gops() -> None:
    """A key frame in between makes two GOPs short, and the next one is not."""
    assert _told(0, 2, 2.7, 4, 6, 8, 8.5, 10, 12, until_s=14) == []


def test_gop_without_end_is_told_of_when_it_is_too_long() -> None:
    """Nobody waits for its end."""
    assert _told(0, until_s=30) == ["no key frame; one is wanted each 2 to 10 s"]


def test_each_connection_is_told_of_once() -> None:
    """Also one that has gone over and come back."""
    watch = GopWatch(GopLimits())
    told = [_told(*range(9), until_s=9, watch=watch, connection=number) for number in (1, 2, 1)]
    assert [len(texts) for texts in told] == [1, 1, 0]


def test_hole_in_the_pictures_is_no_long_gop() -> None:
    """What was dropped may have had key frames."""
    watch = GopWatch(GopLimits())
    times = [0.0, 0.5, 30.0, 30.5]
    assert [watch.note(1, Unit(Track.VIDEO, round(t * CLOCK_RATE), 0, t == 0.0, b"")) for t in times] == [""] * 4


@pytest.mark.parametrize(("is_relayed", "count"), [(False, 1), (True, 0)])
def test_program_says_it_once_of_a_connection_whoever_writes_it(is_relayed: bool, count: int) -> None:
    """An heir finds in the log that it was said."""
    source = Source(tag="a", until_s=14.0, gop_s=0.5)
    logs = Logs(media=log(with_configs(source.units(), source.configs), connection=5))
    program = Program(new_ledger(record=not is_relayed, is_hidden=is_relayed), ProgramSettings(), epoch=1)
    logs.run(program, stop_after=20)
    logs.run(logs.heir(epoch=2))

    said = [fact.input_rejected for fact in logs.facts if fact.HasField("input_rejected")]
    assert [(each.code, each.is_refused) for each in said] == [("ERR_GOP_OUT_OF_RANGE", False)] * count
