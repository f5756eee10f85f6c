"""The session's states and what moves between them: a table, and the one function that reads it."""

from enum import Enum, auto

from services.ingest.rtmp.errors import LocalProtocolError


class State(Enum):
    """Where a session is."""

    HANDSHAKE = auto()
    """C0 to C2 are coming in."""
    CONNECTING = auto()
    """Chunks flow; no connect command yet."""
    CONNECTED = auto()
    """Connected to an app, not publishing."""
    REQUESTED = auto()
    """Publish was asked for; nothing more is read until we answer."""
    PUBLISHING = auto()
    """Media flows."""
    CLOSED = auto()
    """Over; what data_to_send holds may still be flushed."""


class Trigger(Enum):
    """What can happen to a session."""

    SHOOK_HANDS = auto()
    CONNECT = auto()
    PUBLISH = auto()
    ACCEPT = auto()
    UNPUBLISH = auto()
    CLOSE = auto()


TRANSITIONS: dict[tuple[State, Trigger], State] = {
    (State.HANDSHAKE, Trigger.SHOOK_HANDS): State.CONNECTING,
    (State.CONNECTING, Trigger.CONNECT): State.CONNECTED,
    # Wirecast and some phones repeat connect on the open connection
    (State.CONNECTED, Trigger.CONNECT): State.CONNECTED,
    (State.CONNECTED, Trigger.PUBLISH): State.REQUESTED,
    (State.REQUESTED, Trigger.ACCEPT): State.PUBLISHING,
    (State.PUBLISHING, Trigger.UNPUBLISH): State.CONNECTED,
    (State.HANDSHAKE, Trigger.CLOSE): State.CLOSED,
    (State.CONNECTING, Trigger.CLOSE): State.CLOSED,
    (State.CONNECTED, Trigger.CLOSE): State.CLOSED,
    (State.REQUESTED, Trigger.CLOSE): State.CLOSED,
    (State.PUBLISHING, Trigger.CLOSE): State.CLOSED,
}


def can(state: State, trigger: Trigger) -> bool:
    """Whether the table allows it."""
    return (state, trigger) in TRANSITIONS


def after(state: State, trigger: Trigger) -> State:
    """The state that follows; LocalProtocolError where the table has none."""
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise LocalProtocolError(f"{trigger.name} in state {state.name}") from None
