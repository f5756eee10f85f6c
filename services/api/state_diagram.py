"""docs/state-machines.md, drawn from the table of transitions: `python -m services.api.state_diagram` writes it."""

from pathlib import Path

from headwater.v1.livestreams_pb2 import Livestream
from services.api.livestream import TRANSITIONS, State

DOCUMENT = Path(__file__).parents[2] / "docs" / "state-machines.md"

_HEAD = """\
# State machines

Written by `python -m services.api.state_diagram`; do not edit.

## Livestream

The one table is in [services/api/livestream.py](../services/api/livestream.py). Orders come from people, everything
else follows from facts on the bus and from what the buckets `onair` and `playback` say; both lead to the same state, in
whatever order they are heard. A broadcast that has ended never revives: the next one begins anew from IDLE or ACTIVE.
A broadcast's own states are the same ones, with ENDED for IDLE.

```mermaid
stateDiagram-v2
    [*] --> IDLE: created
"""


def draw() -> str:
    """The document."""
    moves = [row for row in TRANSITIONS if row.before != row.after]
    arrows = [f"    {_name(row.before)} --> {_name(row.after)}: {row.event.value}" for row in moves]
    table = [
        f"| {_name(r.before)} | {r.event.value} | {_name(r.after)} |{_condition(r.is_timed)}|" for r in TRANSITIONS
    ]
    lines = [*arrows, "```", "", "| state | what happens | next state | only if |", "|---|---|---|---|", *table, ""]
    return _HEAD + "\n".join(lines)


def _name(state: State) -> str:
    return Livestream.State.Name(state)


def _condition(is_timed: bool) -> str:
    return " it is not older than the state " if is_timed else " "


if __name__ == "__main__":
    DOCUMENT.write_text(draw(), encoding="utf-8")
