"""A recording that is as long as recordings may be: the live picture goes on."""

import pytest

from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.rules import assert_all
from tests.packager.program.synthetic import Source, log, with_configs

LIMITED = ProgramSettings(longest_recording_s=5.0)


@pytest.mark.parametrize("stop_after", [None, 3, 20, 33])
def test_segments_beyond_the_limit_are_not_kept(stop_after: int | None) -> None:
    """The one in which it is reached still is; an heir, too, knows where the recording ends."""
    source = Source(tag="a", until_s=14.0)
    logs = Logs(media=log(with_configs(source.units(), source.configs), connection=5))
    program = Program(new_ledger(), LIMITED, epoch=1)
    if not logs.run(program, stop_after=stop_after):
        program = logs.heir(epoch=2, settings=LIMITED)
        logs.run(program)

    assert [segment.record for segment in logs.segments] == [True] * 3 + [False] * 4
    assert program.ledger.state.record_before == 3
    assert_all(logs)


def test_what_is_not_recorded_has_no_limit() -> None:
    """There is nothing to cut short."""
    source = Source(tag="a", until_s=14.0)
    logs = Logs(media=log(with_configs(source.units(), source.configs), connection=5))
    program = Program(new_ledger(record=False), LIMITED, epoch=1)
    logs.run(program)

    assert program.ledger.state.record_before == 0
