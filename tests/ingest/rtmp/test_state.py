"""services.ingest.rtmp.state"""

import pytest

from services.ingest.rtmp.errors import LocalProtocolError
from services.ingest.rtmp.state import TRANSITIONS, State, Trigger, after, can


def test_every_open_state_can_be_closed_and_closed_is_the_end() -> None:
    """No state is a trap, and nothing leads out of CLOSED."""
    assert all(can(state, Trigger.CLOSE) for state in State if state is not State.CLOSED)
    assert not [state for state, _ in TRANSITIONS if state is State.CLOSED]


def test_every_state_is_reached() -> None:
    """Walking the table from the handshake meets each state."""
    reached = {State.HANDSHAKE}
    for _ in State:
        reached |= {to for (state, _), to in TRANSITIONS.items() if state in reached}
    assert reached == set(State)


def test_transition_that_is_not_in_the_table_is_the_callers_fault() -> None:
    """The error names the trigger and the state."""
    with pytest.raises(LocalProtocolError, match="ACCEPT in state CONNECTED"):
        after(State.CONNECTED, Trigger.ACCEPT)
