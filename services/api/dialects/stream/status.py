"""How a live input stands, in Stream's eight words."""

from collections.abc import Collection, Iterable
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
_REFUSED = "ERR_"
_OF_RECORDING = "recording."
_ON_AIR = {pb.Livestream.RECEIVING, pb.Livestream.LIVE, pb.Livestream.RECONNECTING}
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
    """None for one that nobody ever sent to. When it is off air the word is that of its last broadcast."""
    if not of.broadcast_id and of.state != pb.Livestream.FAILED:
        return None, None
    is_over = of.state not in _ON_AIR and of.state != pb.Livestream.FAILED
    last = await _broadcast(exchange, of.id, of.broadcast_id) if is_over else broadcasts_pb2.Broadcast()
    reason = (last.end_reason or of.state_reason) if is_over else of.state_reason
    status = _word(of.state, reason, was_clean=_was_clean(last))
    request = pb.ListHistoryRequest(livestream_id=of.id, page_size=HISTORY)
    found = await exchange.native.ask(request, pb.ListHistoryResponse)
    clean = {last.id} if _was_clean(last) else set()
    for broadcast in {each.broadcast_id for each in found.entries if _leaves_open(each)} - {last.id}:
        if _was_clean(await _broadcast(exchange, of.id, broadcast)):
            clean.add(broadcast)
    current = _entry(status, of.state_reason, of.state_time)
    return status, StatusDetail(current=current, history=_history(found.entries, clean))


def _leaves_open(entry: pb.HistoryEntry) -> bool:
    """Whether it says that a broadcast ended, and not whether its encoder had said goodbye."""
    is_end = entry.state and entry.state not in _ON_AIR and entry.state != pb.Livestream.FAILED
    return bool(entry.broadcast_id and is_end and entry.reason in {_WINDOW_OVER, ""})


async def _broadcast(exchange: Exchange, livestream: str, broadcast: str) -> broadcasts_pb2.Broadcast:
    request = broadcasts_pb2.GetBroadcastRequest(livestream_id=livestream, id=broadcast)
    return await exchange.native.ask(request, broadcasts_pb2.Broadcast)


def _was_clean(of: broadcasts_pb2.Broadcast) -> bool:
    """Whether the last encoder of a broadcast said goodbye."""
    left = [each for each in of.history if each.kind == "encoder.disconnected"]
    return bool(left) and left[-1].is_clean


def _word(state: pb.Livestream.State.ValueType, reason: str, *, was_clean: bool) -> Status:
    """How it ended decides once it has: the window ran out, or somebody or the limit ended it."""
    if state in {pb.Livestream.RECEIVING, pb.Livestream.LIVE}:
        return "reconnected" if reason == _CAME_BACK else "connected"
    if state == pb.Livestream.RECONNECTING:
        return "reconnecting"
    if state == pb.Livestream.FAILED or reason.startswith(_REFUSED):
        return "failed_to_connect"
    if reason not in {_WINDOW_OVER, ""}:
        return "ttl_exceeded"
    return "client_disconnect" if was_clean else "failed_to_reconnect"


def _history(entries: Iterable[pb.HistoryEntry], clean: Collection[str]) -> list[StatusEntry]:
    """Newest first, as it comes. What is said twice in a row has been so since the first time."""
    found: list[StatusEntry] = []
    is_on_air, before = False, ""
    for entry in reversed(list(entries)):
        if entry.reason in _CONFIGURED and is_on_air:
            found.append(_entry("new_configuration_accepted", entry.reason, entry.time))
        elif entry.broadcast_id and entry.state and not entry.reason.startswith(_OF_RECORDING):
            word = _word(entry.state, entry.reason, was_clean=entry.broadcast_id in clean)
            if f"{entry.broadcast_id} {word}" != before:
                found.append(_entry(word, entry.reason, entry.time))
            is_on_air, before = entry.state in _ON_AIR, f"{entry.broadcast_id} {word}"
    return found[::-1]


def _entry(status: Status, reason: str, time: Timestamp) -> StatusEntry:
    return StatusEntry(
        state=status, reason=reason, ingestProtocol="rtmp", statusEnteredAt=iso(time), statusLastSeen=iso(time)
    )
