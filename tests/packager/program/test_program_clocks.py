"""Two encoders that stamp with the time of day: their pictures are joined by what they show, however they come."""

from dataclasses import replace

import pytest

from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.rules import assert_all, samples
from tests.packager.program.synthetic import START_US, Source, log, merged, shifted, with_configs

S = 1_000_000
GOP_S = 0.5
TURN_MS = 1 << 31
TIME_OF_DAY_S = START_US // 1000 % TURN_MS / 1000


def _log(source: Source, connection: int, instance: str, *, late_s: float, until_s: float = 1e9) -> list[Message]:
    """All that it sends until it dies, `late_s` after it was made."""
    sent = [unit for unit in source.units() if unit.dts < (until_s - late_s) * 90_000]
    return log(
        with_configs(shifted(sent, TIME_OF_DAY_S), source.configs),
        connection=connection,
        instance=instance,
        start_us=START_US + round((late_s - TIME_OF_DAY_S) * S),
        every_s=0.05,
        closed=until_s < 1e9,
        is_clean=False,
    )


@pytest.mark.parametrize("dies_s", [12.3, 12.55, 13.04])
@pytest.mark.parametrize(("first_late_s", "second_late_s"), [(0.1, 0.1), (1.2, 0.1), (0.1, 0.9), (2.8, 0.3)])
def test_join_misses_and_doubles_less_than_a_gop(dies_s: float, first_late_s: float, second_late_s: float) -> None:
    """Nothing of what the other had by then is missing but up to its next key frame, nor is more than a GOP doubled."""
    first = Source(tag="p", until_s=20, gop_s=GOP_S)
    second = replace(first, tag="q", since_s=4.0)  # the first is on air by then
    media = merged(
        _log(first, 5, "primary", late_s=first_late_s, until_s=dies_s),
        _log(second, 6, "secondary", late_s=second_late_s),
    )
    logs = Logs(media=media)
    program = Program(new_ledger(), ProgramSettings(), epoch=1)
    logs.run(program)
    logs.write(program, program.end("order", media[-1].stamp_us))
    assert_all(logs)
    shown = [sample.name for sample in samples(logs) if sample.rendition == "video"]
    at = next(place for place, name in enumerate(shown) if name[0] == "q")
    last, following = (int(name[3:-1]) for name in shown[at - 1 : at + 1])
    doubled_s = (last + 1 - following) / 30
    behind_s = max(second_late_s - first_late_s, 0.0)

    assert -GOP_S < doubled_s <= GOP_S + behind_s
