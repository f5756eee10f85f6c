"""The table of rights of the dialects: what each endpoint asks of its caller, and a body that is good there.

An endpoint without a row is a test that fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

READ, WRITE = "READ", "WRITE"

TARGET = "rtmp://1.1.1.1/live"
HOOK = "https://hooks.example.com/x"


@dataclass(frozen=True)
class Row:
    """`asks` is the scope; what `is_absent` answers 501 to whoever has it."""

    asks: str
    body: Any = None
    is_absent: bool = False


@dataclass(frozen=True)
class _Rows:
    """Rows of one dialect, written shortly."""

    rows: dict[str, Row] = field(default_factory=dict)

    def read(self, *paths: str, **more: Any) -> "_Rows":
        return self._with("GET", paths, Row(READ, **more))

    def write(self, verb: str, *paths: str, body: Any = None, **more: Any) -> "_Rows":
        return self._with(verb, paths, Row(WRITE, body, **more))

    def _with(self, verb: str, paths: tuple[str, ...], row: Row) -> "_Rows":
        return _Rows(self.rows | {f"{verb} {path}": row for path in paths})


_LIVE, _OUT = "/live_streams/{id}", "/live_streams/{id}/outputs/{output}"

_CLOUDINARY = (
    _Rows()
    .read("/live_streams", _LIVE, f"{_LIVE}/outputs", _OUT)
    .write("POST", "/live_streams", body={"name": "b", "input": {"type": "rtmp"}})
    .write("PATCH", _LIVE, body={"name": "b"})
    .write("DELETE", _LIVE, _OUT)
    .write("POST", f"{_LIVE}/activate", f"{_LIVE}/idle")
    .write("POST", f"{_LIVE}/outputs", body={"type": "simulcast", "uri": TARGET, "stream_key": "k"})
    .write("PATCH", _OUT, body={"name": "b"})
)

_INPUT, _INPUTS_OUT = "/live_inputs/{id}", "/live_inputs/{id}/outputs/{output}"
_CAPTIONS = "/{id}/captions/{language}"
_VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n"

_STREAM = (
    _Rows()
    .read("/live_inputs", _INPUT, f"{_INPUT}/outputs", f"{_INPUT}/videos")
    .write("POST", "/live_inputs", body={"meta": {"name": "b"}})
    .write("PUT", _INPUT, body={"meta": {"name": "b"}})
    .write("DELETE", _INPUT, _INPUTS_OUT)
    .write("POST", f"{_INPUT}/rotate_keys")
    .write("POST", f"{_INPUT}/outputs", body={"url": TARGET, "streamKey": "k"})
    .write("PUT", _INPUTS_OUT, body={"enabled": False})
    .read("", "/storage-usage", "/{id}", "/{id}/embed", "/{id}/downloads", "/{id}/captions", _CAPTIONS)
    .read(f"{_CAPTIONS}/vtt", "/keys", "/webhook")
    .write("POST", "/clip", body={"clippedFromVideoUID": "{id}", "startTimeSeconds": 0, "endTimeSeconds": 1})
    .write("POST", "/{id}", body={"creator": "b"})
    .write("DELETE", "/{id}", "/{id}/downloads", "/{id}/downloads/default", "/{id}/downloads/audio", _CAPTIONS)
    .write("POST", "/{id}/downloads", "/{id}/downloads/default", "/{id}/downloads/audio", "/keys")
    .write("PUT", _CAPTIONS, body=_VTT)
    .write("DELETE", "/keys/{id}", "/webhook")
    .write("POST", "/{id}/token", body={})
    .write("PUT", "/webhook", body={"notificationUrl": HOOK})
    .read("/watermarks", "/watermarks/{watermark}", "/{id}/audio", is_absent=True)
    .write("POST", "", "/copy", "/direct_upload", "/watermarks", "/{id}/audio/copy", is_absent=True)
    .write("POST", f"{_CAPTIONS}/generate", is_absent=True)
    .write("DELETE", "/watermarks/{watermark}", "/{id}/audio/{audio}", is_absent=True)
    .write("PATCH", "/{id}/audio/{audio}", is_absent=True)
)

_HOOK = {"name": "b", "url": HOOK, "events": ["livestreaming.statusUpdate"]}
_MEETING = "/meetings/{meeting}"

_KIT = (
    _Rows()
    .read("/livestreams", "/livestreams/{id}", "/livestreams/{id}/active-livestream-session")
    .read("/livestreams/sessions/{session}", "/analytics/livestreams/overall", "/analytics/livestreams/daywise")
    .read("/webhooks", "/webhooks/all", "/webhooks/{id}")
    .write("POST", "/livestreams", body={"name": "b"})
    .write("POST", "/livestreams/{id}/reset-stream-key")
    .write("PUT", "/livestreams/{id}/enable", "/livestreams/{id}/disable")
    .write("POST", "/webhooks", body=_HOOK)
    .write("PUT", "/webhooks/{id}", body=_HOOK)
    .write("PATCH", "/webhooks/{id}", body={"name": "b"})
    .write("DELETE", "/webhooks/{id}")
    .read(f"{_MEETING}/active-livestream", f"{_MEETING}/livestream", is_absent=True)
    .read("/sessions/{session}/livestream-sessions", "/analytics/daywise", is_absent=True)
    .write("POST", f"{_MEETING}/livestreams", f"{_MEETING}/active-livestream/stop", is_absent=True)
)

_APPS = _Rows().read("/apps").write("POST", "/apps", body={"name": "b"})

_OURS, _MEDIA = "/livestreams/{id}", "/media/{id}"
_AT = f"{_OURS}/statistics"

_STREAMDIVER = (
    _Rows()
    .read("/livestreams", _OURS, f"{_OURS}/thumbnail", _AT, f"{_AT}/primary", f"{_AT}/secondary")
    .write("POST", "/livestreams", body={"name": "b"})
    .write("PUT", _OURS, _MEDIA, body={"name": "b"})
    .write("PATCH", _OURS, _MEDIA, body={"name": "b"})
    .write("DELETE", _OURS, f"{_OURS}/thumbnail", _MEDIA)
    .write("POST", f"{_OURS}/start", f"{_OURS}/publish", f"{_OURS}/stop", f"{_MEDIA}/restore")
    .write("PUT", f"{_OURS}/thumbnail", body=b"no picture")
    .read("/media", _MEDIA, f"{_MEDIA}/downloads")
    .write("POST", f"{_MEDIA}/downloads", body={"format": "mp4"})
    .write("POST", "/media", is_absent=True)
)


def _of_apps(rows: _Rows) -> dict[str, Row]:
    """The same below an app's path."""
    return {name.replace(" ", " /{app}", 1): row for name, row in rows.rows.items()}


RIGHTS: Mapping[str, Mapping[str, Row]] = {
    "cloudinary": _CLOUDINARY.rows,
    "stream": _STREAM.rows,
    "realtimekit": _APPS.rows | _of_apps(_KIT),
    "dyte": _KIT.rows,
    "streamdiver": _STREAMDIVER.rows,
}
