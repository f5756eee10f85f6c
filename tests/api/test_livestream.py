"""The table of transitions, and the page drawn from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.v1.livestreams_pb2 import Livestream
from services.api.livestream import TRANSITIONS, Event, Standing, State, advance, resting
from services.api.state_diagram import DOCUMENT, draw

SECOND = 1_000_000
STATES = sorted({row.before for row in TRANSITIONS})


def test_page_of_state_machines_is_the_table() -> None:
    """docs/state-machines.md is what the code draws; `python -m services.api.state_diagram` writes it anew."""
    assert DOCUMENT.read_text(encoding="utf-8") == draw()


@pytest.mark.parametrize("row", TRANSITIONS, ids=lambda row: f"{Livestream.State.Name(row.before)}-{row.event.name}")
def test_each_row_leads_where_it_says_with_time_and_reason(row: object) -> None:
    """An event that the table knows for a state leads to the next, from its own time on and for its own reason."""
    assert isinstance(row, type(TRANSITIONS[0]))

    after = advance(Standing(row.before, "before", 5), row.event, 7, "because")

    assert after == Standing(row.after, "because", 7)


def test_one_state_and_event_lead_to_one_state() -> None:
    """The table is a function."""
    assert len({(row.before, row.event) for row in TRANSITIONS}) == len(TRANSITIONS)


@given(state=st.sampled_from(STATES), event=st.sampled_from(Event))
def test_event_without_a_row_changes_nothing(state: State, event: Event) -> None:
    """What the table does not know does not happen."""
    known = {(row.before, row.event) for row in TRANSITIONS}
    standing = Standing(state, "as it was", 5)

    if (state, event) not in known:
        assert advance(standing, event, 9, "x") == standing


def test_late_loss_does_not_undo_a_resumption() -> None:
    """Of LIVE and RECONNECTING the later fact holds, whichever is heard first."""
    live = Standing(Livestream.LIVE, "resumed", 10)

    assert advance(live, Event.LOST, 9, "closed") == live
    assert advance(live, Event.LOST, 11, "closed").state == Livestream.RECONNECTING


def test_livestream_that_was_never_activated_rests_idle() -> None:
    """Without a broadcast and an order it is as it was created."""
    assert resting(5, 0, 120 * SECOND, 99) == Standing(Livestream.IDLE, "created", 5)


def test_activation_lasts_for_the_reconnect_window() -> None:
    """Who is activated and gets no encoder is idle again when the window is over, to the microsecond."""
    armed, window = 1000 * SECOND, 120 * SECOND

    assert resting(5, armed, window, armed + window - 1) == Standing(Livestream.ACTIVE, "activated", armed)
    assert resting(5, armed, window, armed + window) == Standing(Livestream.IDLE, "nobody came", armed + window)
