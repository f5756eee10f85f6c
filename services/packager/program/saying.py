"""Facts of a program, as they are noted for the shell to say. Pure."""

from collections import deque

from headwater.internal.v1.cmaf_pb2 import State
from headwater.internal.v1.facts_pb2 import Fact


def note(facts: deque[Fact], state: State, *, time_us: int, instance: str) -> Fact:
    """A fact of this broadcast that is still to be filled, behind those noted before."""
    fact = Fact(
        time_us=time_us,
        livestream_id=state.livestream_id,
        broadcast_id=state.broadcast_id,
        instance=instance,
        program_us=put_out_us(state),
    )
    facts.append(fact)
    return fact


def put_out_us(state: State) -> int:
    """How much program there is in the log, in microseconds of media."""
    lengths = ((each.total_duration + each.segment_duration) * 1_000_000 // each.timescale for each in state.renditions)
    return max(lengths, default=0)
