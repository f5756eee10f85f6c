"""The clock that stamps the log is put back by an hour in mid-stream: who is silent is still found, and who is back."""

import pytest

from services.packager.log_clock import LogClock
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from services.packager.program.turning_back import turn_back
from tests.packager.program.encoder import Message
from tests.packager.program.log import Logs, new_ledger
from tests.packager.program.rules import names
from tests.packager.program.synthetic import START_US, Source, log, merged, with_configs

S = 1_000_000
HOUR_US = 3600 * S


def _sent(source: Source, *, connection: int, instance: str = "primary", closed: bool = False) -> list[Message]:
    entries = with_configs(source.units(), source.configs)
    return log(entries, connection=connection, instance=instance, closed=closed)


def _live(messages: list[Message], *, back_at_s: float) -> Logs:
    """Feed what is stamped an hour earlier from then on, as a packager does."""
    logs, program = Logs(), Program(new_ledger(), ProgramSettings(), epoch=1)
    clock = LogClock()
    for sequence, message in enumerate(messages, start=1):
        monotonic = (message.stamp_us - START_US) / S
        stamp_us = message.stamp_us - (HOUR_US if monotonic >= back_at_s else 0)
        if by_us := clock.note(stamp_us, monotonic):
            turn_back(program, by_us)
        logs.write(program, program.feed(message.instance, sequence, stamp_us, message.payload))
    return logs


def _reasons(logs: Logs) -> list[str]:
    return [fact.source_changed.reason for fact in logs.facts if fact.HasField("source_changed")]


def test_silence_is_found_after_it() -> None:
    """The other instance takes over as if nothing had been."""
    primary = _sent(Source(tag="p", until_s=9.5), connection=5)
    secondary = _sent(Source(tag="q", until_s=16), connection=6, instance="secondary")
    assert _reasons(_live(merged(primary, secondary), back_at_s=5)) == ["started", "silent"]


@pytest.mark.parametrize("gone_at_s", [3.0, 5.2])
def test_encoder_that_comes_back_after_it_is_put_on_air(gone_at_s: float) -> None:
    """One that is heard no more since is not the measure of what is late."""
    source, again = Source(tag="p", until_s=8), Source(tag="p", since_s=10, until_s=14)
    secondary = _sent(Source(tag="q", until_s=gone_at_s), connection=6, instance="secondary", closed=True)
    first, back = _sent(source, connection=5, closed=True), _sent(again, connection=9)
    logs, as_ever = (_live(merged(first, secondary, back), back_at_s=at_s) for at_s in (5.5, 99.0))

    assert _reasons(logs) == ["started", "reconnected"]
    assert names(logs, "video") == names(as_ever, "video")


def test_clock_tells_by_how_much_it_was_put_back() -> None:
    """Also where nothing was read for a while, and only once, whether it is read or written that tells it."""
    read, written = LogClock(), LogClock()
    for clock in (read, written):
        assert clock.note(HOUR_US, 100.0) == 0
    assert read.note(20 * S, 120.0) == HOUR_US
    assert read.now_us(121.0) == 21 * S
    assert written.set(20 * S, 120.0) == HOUR_US
    assert written.note(21 * S, 121.0) == read.note(21 * S, 121.0) == 0
    assert read.set(22 * S, 122.0) == 0
