"""The clock that stamps the log was put back: all that a program has noted by it goes back with it. Pure.

Or whoever was heard before would seem to be heard until the clock is there again: none would be found silent, none who
comes back be put on air, and no reconnect window would end.
"""

from services.packager.program.kept_back import KeptBack
from services.packager.program.program import Program


def turn_back(program: Program | KeptBack, by_us: int) -> None:
    """Note that the log's time is `by_us` earlier from now on. What is dated for viewers stays: no date comes twice."""
    state = program.ledger.state
    if state.lost_since_us:
        state.lost_since_us = max(1, state.lost_since_us - by_us)
    if isinstance(program, KeptBack):
        program.turn_back(by_us)
    for instance in program.instances.values():
        instance.turn_back(by_us)
