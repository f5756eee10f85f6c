"""Cloudflare Stream's notifications of live inputs. Pure."""

from typing import Any

from services.api.webhooks.formats.spelling import moment
from services.api.webhooks.happening import CONNECTED, DISCONNECTED, ERRORED, PING, Happening, Letter, Scene

_EVENTS = {
    CONNECTED: "live_input.connected",
    DISCONNECTED: "live_input.disconnected",
    ERRORED: "live_input.errored",
}
NAMES = (*_EVENTS.values(), "ping")

CODES = {
    "ERR_GOP_OUT_OF_RANGE": "Input GOP size or keyframe interval is out of range.",
    "ERR_UNSUPPORTED_VIDEO_CODEC": "The video codec is not supported.",
    "ERR_UNSUPPORTED_AUDIO_CODEC": "The audio codec is not supported.",
    "ERR_STORAGE_QUOTA_EXHAUSTED": "The storage quota is exhausted.",
}
"""The only codes that the product knows: another error is not told."""

_NOTIFICATION = "Stream Live Input"


def say(happening: Happening, _scene: Scene, letter: Letter) -> tuple[str, dict[str, Any]] | None:
    """The notification; its `text` says the same for people."""
    if happening.event == PING:
        return "ping", _message(letter, "This is a test message.", {}, happening)
    event = _EVENTS.get(happening.event)
    if event is None or (happening.event == ERRORED and happening.details["code"] not in CODES):
        return None
    updated_at = moment(happening.time_us)
    lines = [
        f"Notification type: {_NOTIFICATION}",
        f"Input ID: {happening.livestream_id}",
        f"Event type: {event}",
        f"Updated at: {updated_at}",
    ]
    data: dict[str, Any] = {
        "notification_name": _NOTIFICATION,
        "input_id": happening.livestream_id,
        "event_type": event,
        "updated_at": updated_at,
    }
    if happening.event == ERRORED:
        data["live_input_errored"] = _error(happening)
        lines += _error_lines(data["live_input_errored"])
    return event, _message(letter, "\n".join(lines), data, happening)


def _message(letter: Letter, text: str, data: dict[str, Any], happening: Happening) -> dict[str, Any]:
    return {"name": letter.webhook_name, "text": text, "data": data, "ts": happening.time_us // 1_000_000}


def _error(happening: Happening) -> dict[str, Any]:
    code = happening.details["code"]
    return {
        "error": {"code": code, "message": CODES[code]},
        "video_codec": happening.details.get("videoCodec", ""),
        "audio_codec": happening.details.get("audioCodec", ""),
    }


def _error_lines(errored: dict[str, Any]) -> list[str]:
    return [
        f"Error code: {errored['error']['code']}",
        f"Error message: {errored['error']['message']}",
        f"Video codec: {errored['video_codec']}",
        f"Audio codec: {errored['audio_codec']}",
    ]
