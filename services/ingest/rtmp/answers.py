"""The server's side of the NetConnection and NetStream dialogue (RTMP 1.0, 7.2), as messages."""

from enum import StrEnum

from services.ingest.rtmp import messages
from services.ingest.rtmp.amf0 import EcmaArray, Value
from services.ingest.rtmp.messages import Command, Message, UserControl

WINDOW_ACK_SIZE = 100_000_000
"""Others say 2.5 MB. But an encoder that closes with an Acknowledgement unread, which came too late for it, resets the
connection, and its last frames, still waiting in its own kernel, are lost: so it should happen rarely. None slows down.
"""
CHUNK_SIZE = 65_536
"""ffmpeg takes the server's chunk size for its own, and one chunk a message is the cheapest to read."""

_CODECS: tuple[tuple[str, str], ...] = (("avc1", "videoFourCcInfoMap"), ("mp4a", "audioFourCcInfoMap"))
_CAN_FORWARD = 4
_CAPS_MODEX = 4
"""We skip ModEx; multitrack, reconnect and nanoseconds we do not claim."""
_ENHANCED = ("fourCcList", "capsEx", "videoFourCcInfoMap", "audioFourCcInfoMap")


class StatusCode(StrEnum):
    """onStatus codes that encoders act upon."""

    PUBLISH_START = "NetStream.Publish.Start"
    BAD_NAME = "NetStream.Publish.BadName"
    """OBS: "the stream key is wrong or in use"."""
    UNAUTHORIZED = "NetStream.Publish.Unauthorized"
    REJECTED = "NetStream.Publish.Rejected"
    """For refusals that are not about the key: no room, not before the activation."""
    UNPUBLISHED = "NetStream.Unpublish.Success"
    PLAY_FAILED = "NetStream.Play.Failed"
    FAILED = "NetStream.Failed"


_ERRORS = frozenset(StatusCode) - {StatusCode.PUBLISH_START, StatusCode.UNPUBLISHED}


def status(code: StatusCode, description: str, stream_id: int, *, name: str = "onStatus") -> Message:
    """An onStatus (or onFCPublish, onFCUnpublish) message."""
    level = "error" if code in _ERRORS else "status"
    info: Value = {"level": level, "code": code.value, "description": description}
    return messages.command(name, 0.0, None, info, stream_id=stream_id)


def connected(request: Command) -> list[Message]:
    """The answer to connect, in the order of 7.2.1.1, and what we can of Enhanced RTMP if the encoder speaks it."""
    caps = _enhanced_caps() if any(name in request.target for name in _ENHANCED) else {}
    properties: Value = {"fmsVer": "FMS/3,5,7,7009", "capabilities": 31.0, "mode": 1.0, **caps}
    info: Value = {
        "level": "status",
        "code": "NetConnection.Connect.Success",
        "description": "Connection succeeded.",
        "objectEncoding": _object_encoding(request),
        **caps,
    }
    return [
        messages.window_ack_size(WINDOW_ACK_SIZE),
        messages.set_peer_bandwidth(WINDOW_ACK_SIZE),
        messages.set_chunk_size(CHUNK_SIZE),
        messages.command("_result", request.transaction, properties, info),
    ]


def _object_encoding(request: Command) -> float:
    asked = request.target.get("objectEncoding")
    return asked if isinstance(asked, float) and asked in {0.0, 3.0} else 0.0


def _enhanced_caps() -> dict[str, Value]:
    """Enhanced RTMP v2, "Enhancing NetConnection connect Command"."""
    caps: dict[str, Value] = {"capsEx": float(_CAPS_MODEX), "fourCcList": [fourcc for fourcc, _ in _CODECS]}
    for fourcc, name in _CODECS:
        caps[name] = EcmaArray({fourcc: float(_CAN_FORWARD)})
    return caps


def result(request: Command, *values: Value) -> list[Message]:
    """A _result, if the peer asked for one by a transaction id."""
    if not request.transaction:
        return []
    return [messages.command("_result", request.transaction, None, *values, stream_id=request.stream_id)]


def unknown(request: Command) -> list[Message]:
    """An _error for a command we do not know, if the peer asked for an answer; answers themselves get none."""
    if not request.transaction or request.name in {"_result", "_error", "onStatus"}:
        return []
    info: Value = {
        "level": "error",
        "code": "NetConnection.Call.Failed",
        "description": "This command is not known here.",
    }
    return [messages.command("_error", request.transaction, None, info, stream_id=request.stream_id)]


def publishing(stream_id: int, *, with_fc: bool) -> list[Message]:
    """What starts the encoder (7.2.2.6); onFCPublish for those that asked by FCPublish."""
    text = "Publishing."
    begun = [messages.user_control(UserControl.STREAM_BEGIN, stream_id)]
    if with_fc:
        begun.append(status(StatusCode.PUBLISH_START, text, 0, name="onFCPublish"))
    return [*begun, status(StatusCode.PUBLISH_START, text, stream_id)]
