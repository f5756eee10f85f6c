"""How a live input stands, in Stream's eight words."""

from collections.abc import Iterable
from typing import Literal

from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import BaseModel

from headwater.v1 import broadcasts_pb2
from headwater.v1 import livestreams_pb2 as pb
from services.api.dialects.endpoint import Exchange
from services.api.dialects.stream.envelope import iso

Status = Literal[
    "connected",
    "reconnected",
    "reconnecting",
    "client_disconnect",
    "ttl_exceeded",
    "failed_to_connect",
    "failed_to_reconnect",
    "new_configuration_accepted",
]

HISTORY = 50
_WINDOW_OVER = "reconnect-window"
_CAME_BACK = "resumed"
_CONFIGURED = {"configured", "updated"}


class StatusEntry(BaseModel):
    """A status, why, and since when."""

    state: Status
    reason: str
    ingestProtocol: str  # noqa: N815  their name
    statusEnteredAt: str | None  # noqa: N815  their name
    statusLastSeen: str | None  # noqa: N815  their name


class StatusDetail(BaseModel):
    """The present status, and those before it, newest first."""

    current: StatusEntry
    history: list[StatusEntry]


async def status_of(exchange: Exchange, of: pb.Livestream) -> tuple[Status | None, StatusDetail | None]:
    """None for one that nobody ever sent to."""
    if not of.broadcast_id and of.state != pb.Livestream.FAILED:
        return None, None
    ended = of.state in {pb.Livestream.IDLE, pb.Livestream.ACTIVE, pb.Livestream.ENDING}
    was_clean = await _was_clean(exchange, of) if ended or of.state == pb.Livestream.DISABLED else False
    reason = await _end_reason(exchange, of) if of.state == pb.Livestream.ACTIVE else of.state_reason
    status = _word(of.state, reason, was_clean=was_clean)
    request = pb.ListHistoryRequest(livestream_id=of.id, page_size=HISTORY)
    found = await exchange.native.ask(request, pb.ListHistoryResponse)
    current = _entry(status, of.state_reason, of.state_time)
    return status, StatusDetail(current=current, history=_history(found.entries, was_clean=was_clean))


async def _broadcast(exchange: Exchange, of: pb.Livestream) -> broadcasts_pb2.Broadcast:
    request = broadcasts_pb2.GetBroadcastRequest(livestream_id=of.id, id=of.broadcast_id)
    return await exchange.native.ask(request, broadcasts_pb2.Broadcast)


async def _was_clean(exchange: Exchange, of: pb.Livestream) -> bool:
    """Whether the last encoder of the last broadcast said goodbye."""
    left = [each for each in (await _broadcast(exchange, of)).history if each.kind == "encoder.disconnected"]
    return bool(left) and left[-1].is_clean


async def _end_reason(exchange: Exchange, of: pb.Livestream) -> str:
    return (await _broadcast(exchange, of)).end_reason


def _word(state: pb.Livestream.State.ValueType, reason: str, *, was_clean: bool) -> Status:
    """How it ended decides once it has: the window ran out, or somebody or the limit ended it."""
    if state in {pb.Livestream.RECEIVING, pb.Livestream.LIVE}:
        return "reconnected" if reason == _CAME_BACK else "connected"
    if state == pb.Livestream.RECONNECTING:
        return "reconnecting"
    if state == pb.Livestream.FAILED:
        return "failed_to_connect"
    if reason not in {_WINDOW_OVER, ""}:
        return "ttl_exceeded"
    return "client_disconnect" if was_clean else "failed_to_reconnect"


def _history(entries: Iterable[pb.HistoryEntry], *, was_clean: bool) -> list[StatusEntry]:
    found = []
    for entry in entries:
        if entry.reason in _CONFIGURED:
            found.append(_entry("new_configuration_accepted", entry.reason, entry.time))
        elif entry.broadcast_id and entry.state:
            found.append(_entry(_word(entry.state, entry.reason, was_clean=was_clean), entry.reason, entry.time))
    return found


def _entry(status: Status, reason: str, time: Timestamp) -> StatusEntry:
    return StatusEntry(
        state=status, reason=reason, ingestProtocol="rtmp", statusEnteredAt=iso(time), statusLastSeen=iso(time)
    )
