"""How long recordings may be: what is live beyond goes on, and is not kept. Pure."""

from headwater.internal.v1.cmaf_pb2 import State, Tick


def note_limit(state: State, head: Tick, longest_s: float) -> None:
    """Where a segment begins with this tick: it and those after it are not kept if the ones before are long enough."""
    if head.part or not head.parts or not head.msn or not state.rules.record or state.record_before:
        return
    lengths = [rendition.total_duration / rendition.timescale for rendition in state.renditions]
    if max(lengths, default=0.0) >= longest_s:
        state.record_before = head.msn
