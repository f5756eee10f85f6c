"""Stream's live inputs."""

from collections.abc import AsyncIterator
from typing import Any, Literal

from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from pydantic import BaseModel, Field

from headwater.v1 import livestreams_pb2 as pb
from services.api.breath import breathing
from services.api.dialects.addresses import DASH, HLS, beside, server
from services.api.dialects.endpoint import Answer, Endpoint, Exchange
from services.api.dialects.stream.envelope import (
    RETENTION_DAYS,
    Envelope,
    NothingAnswer,
    Remark,
    iso,
    kept_meta,
    shown_meta,
    success,
)
from services.api.dialects.stream.status import Status, StatusDetail, status_of
from services.common.errors import AppError, Kind

WINDOW_S = 120
"""What timeoutSeconds 0 or null means."""
TIMEOUT = "cloudflare.timeoutSeconds"
"""Under this name in the metadata stands how the default was asked for: "0" or "null"."""
_AT_ONCE = 1000
_PLACES = {"rtmps": "/rtmps", "srt": "/srt", "whip": "/webRTC"}
_MEANWHILE = {"rtmps": "until it is, rtmps.url is RTMP without TLS"}
_KEPT = "its credentials are kept"


class Recording(BaseModel):
    """What is kept, and who may watch."""

    mode: Literal["off", "automatic"] | None = None
    timeoutSeconds: int | None = Field(default=None, ge=0, le=1800)  # noqa: N815  their name
    requireSignedURLs: bool | None = None  # noqa: N815  their name
    allowedOrigins: list[str] | None = Field(default=None, max_length=100)  # noqa: N815  their name
    hideLiveViewerCount: bool | None = None  # noqa: N815  their name


class LiveInputWrite(BaseModel):
    """A new live input, or what is to be changed of one."""

    meta: dict[str, Any] | None = None
    defaultCreator: str | None = Field(default=None, max_length=64)  # noqa: N815  their name
    enabled: bool | None = None
    preferLowLatency: bool | None = None  # noqa: N815  their name
    deleteRecordingAfterDays: float | None = None  # noqa: N815  their name
    recording: Recording | None = None


class Credential(BaseModel):
    """URL and key."""

    url: str | None
    streamKey: str | None  # noqa: N815  their name


class SrtCredential(BaseModel):
    """URL, stream id and passphrase."""

    url: str | None
    streamId: str | None  # noqa: N815  their name
    passphrase: str | None


class WebRtcCredential(BaseModel):
    """A URL that is the secret."""

    url: str | None


class LiveInputSummary(BaseModel):
    """A live input in a list: without credentials and status."""

    uid: str
    meta: dict[str, Any]
    enabled: bool
    created: str | None
    modified: str | None
    deleteRecordingAfterDays: int | None  # noqa: N815  their name


class LiveInput(LiveInputSummary):
    """A live input as it is shown."""

    preferLowLatency: bool  # noqa: N815  their name
    recording: dict[str, Any]
    playback: dict[str, str]
    rtmps: Credential
    rtmpsPlayback: Credential  # noqa: N815  their name
    srt: SrtCredential
    srtPlayback: SrtCredential  # noqa: N815  their name
    webRTC: WebRtcCredential  # noqa: N815  their name
    webRTCPlayback: WebRtcCredential  # noqa: N815  their name
    status: Status | None
    statusDetail: StatusDetail | None  # noqa: N815  their name
    keysRotatedAt: str | None = None  # noqa: N815  their name


class LiveInputAnswer(Envelope):
    """One live input."""

    result: LiveInput


class LiveInputs(BaseModel):
    """All of them."""

    liveInputs: list[LiveInputSummary]  # noqa: N815  their name
    range: int
    total: int


class LiveInputsAnswer(Envelope):
    """All live inputs."""

    result: LiveInputs


class ListQuery(BaseModel):
    """Counts are always there."""

    include_counts: bool = False


async def _create(exchange: Exchange) -> Answer:
    wanted = exchange.read(LiveInputWrite)
    livestream = pb.Livestream()
    livestream.recording.mode = pb.Recording.OFF
    livestream.low_latency = False
    _take(livestream, wanted, exchange.fields, {})
    found = await exchange.native.ask(pb.CreateLivestreamRequest(livestream=livestream), pb.Livestream)
    return await _one(exchange, found)


async def _update(exchange: Exchange) -> Answer:
    """Partial: what is left out stays. What was read is what is changed, so nobody's change in between is lost."""
    found = await _find(exchange)
    livestream = pb.Livestream(id=found.id, etag=found.etag)
    paths = _take(livestream, exchange.read(LiveInputWrite), exchange.fields, dict(found.metadata))
    request = pb.UpdateLivestreamRequest(livestream=livestream)
    request.update_mask.paths.extend(paths)
    if request.update_mask.paths:
        found = await exchange.native.ask(request, pb.Livestream)
    return await _one(exchange, found)


def _take(
    livestream: pb.Livestream, wanted: LiveInputWrite, fields: frozenset[str], metadata: dict[str, str]
) -> list[str]:
    """Write what was sent into a livestream; the paths of what that is. `metadata` is what there was."""
    paths = []
    if "meta" in fields:
        name, kept = kept_meta(wanted.meta or {})
        livestream.name = name
        livestream.metadata.update({TIMEOUT: metadata[TIMEOUT]} if TIMEOUT in metadata else {})
        livestream.metadata.update(kept)
        paths += ["name", "metadata"]
    if "defaultCreator" in fields:
        livestream.creator = wanted.defaultCreator or ""
        paths.append("creator")
    if wanted.enabled is not None:
        livestream.enabled = wanted.enabled
        paths.append("enabled")
    if wanted.preferLowLatency is not None:
        livestream.low_latency = wanted.preferLowLatency
        paths.append("low_latency")
    if "deleteRecordingAfterDays" in fields:
        livestream.recording.retention_days = _days(wanted.deleteRecordingAfterDays)
        paths.append("recording.retention_days")
    if wanted.recording is not None:
        paths += _take_recording(livestream, wanted.recording, metadata, has_meta="meta" in fields)
    return paths


def _take_recording(
    livestream: pb.Livestream, wanted: Recording, metadata: dict[str, str], *, has_meta: bool
) -> list[str]:
    paths, kept = [], livestream.recording
    if wanted.mode is not None:
        kept.mode = pb.Recording.AUTOMATIC if wanted.mode == "automatic" else pb.Recording.OFF
        paths.append("recording.mode")
    if wanted.requireSignedURLs is not None:
        kept.require_signed_urls = wanted.requireSignedURLs
        paths.append("recording.require_signed_urls")
    if wanted.hideLiveViewerCount is not None:
        kept.hide_viewer_count = wanted.hideLiveViewerCount
        paths.append("recording.hide_viewer_count")
    if "allowedOrigins" in wanted.model_fields_set:
        kept.allowed_origins.extend(wanted.allowedOrigins or [])
        paths.append("recording.allowed_origins")
    if "timeoutSeconds" in wanted.model_fields_set:
        livestream.reconnect_window.CopyFrom(Duration(seconds=wanted.timeoutSeconds or WINDOW_S))
        if not has_meta:
            livestream.metadata.update(metadata)
            paths.append("metadata")
        livestream.metadata.pop(TIMEOUT, None)
        if not wanted.timeoutSeconds:
            livestream.metadata[TIMEOUT] = "null" if wanted.timeoutSeconds is None else "0"
        paths.append("reconnect_window")
    return paths


def _days(sent: float | None) -> int:
    """Null clears it."""
    if sent is None:
        return 0
    if sent != int(sent) or int(sent) not in RETENTION_DAYS:
        detail = f"must be {RETENTION_DAYS.start} to {RETENTION_DAYS.stop - 1}, or null"
        raise AppError(Kind.INVALID, detail, field="deleteRecordingAfterDays")
    return int(sent)


async def _list(exchange: Exchange) -> Answer:
    shown = [_summary(each).model_dump() async for each in _all(exchange)]
    return success({"liveInputs": shown, "range": len(shown), "total": len(shown)})


async def _all(exchange: Exchange) -> AsyncIterator[pb.Livestream]:
    """Their list has no pages."""
    request = pb.ListLivestreamsRequest(page_size=_AT_ONCE)
    while True:
        found = await exchange.native.ask(request, pb.ListLivestreamsResponse)
        async for each in breathing(found.livestreams):
            yield each
        if not found.next_page_token:
            return
        request.page_token = found.next_page_token


async def _find(exchange: Exchange) -> pb.Livestream:
    return await exchange.native.ask(pb.GetLivestreamRequest(id=exchange.variables["id"]), pb.Livestream)


async def _get(exchange: Exchange) -> Answer:
    return await _one(exchange, await _find(exchange))


async def _delete(exchange: Exchange) -> Answer:
    """Its recordings stay."""
    await exchange.native.ask(pb.DeleteLivestreamRequest(id=exchange.variables["id"], end_broadcast=True), Empty)
    return success(None)


async def _rotate(exchange: Exchange) -> Answer:
    found = await exchange.native.ask(pb.RotateKeysRequest(id=exchange.variables["id"]), pb.Livestream)
    return await _one(exchange, found)


async def _one(exchange: Exchange, found: pb.Livestream) -> Answer:
    status, detail = await status_of(exchange, found)
    shown = _show(found, status, detail).model_dump()
    if shown["keysRotatedAt"] is None:
        del shown["keysRotatedAt"]
    return success(shown, messages=_remarks(found))


def _remarks(of: pb.Livestream) -> list[Remark]:
    """One for each protocol that is not served yet, and where its credentials stand."""
    waiting = sorted({way.protocol for way in of.inputs if way.HasField("is_served") and not way.is_served})
    return [
        Remark(f"{protocol} is not served yet; {_MEANWHILE.get(protocol, _KEPT)}", _PLACES.get(protocol, ""))
        for protocol in waiting
    ]


def _summary(of: pb.Livestream) -> LiveInputSummary:
    return LiveInputSummary(
        uid=of.id,
        meta=_meta(of),
        enabled=of.enabled,
        created=iso(of.create_time),
        modified=iso(of.update_time),
        deleteRecordingAfterDays=of.recording.retention_days or None,
    )


def _meta(of: pb.Livestream) -> dict[str, Any]:
    return shown_meta(of.name, ((key, value) for key, value in sorted(of.metadata.items()) if key != TIMEOUT))


def _show(of: pb.Livestream, status: Status | None, detail: StatusDetail | None) -> LiveInput:
    """Ways in are the primary's; the secondary's are seen in the native API."""
    hls = next((way.url for way in of.playouts if way.protocol == "hls"), "")
    rtmps, rtmp, srt, whip = (_way_in(of, protocol) for protocol in ("rtmps", "rtmp", "srt", "whip"))
    rtmps = rtmps if rtmps.HasField("stream_key") and not rtmps.HasField("is_served") else rtmp
    from_rtmps, from_srt, whep = (_way_out(of, protocol) for protocol in ("rtmps", "srt", "whep"))
    return LiveInput(
        **_summary(of).model_dump(),
        preferLowLatency=of.low_latency,
        recording=_recording(of),
        playback={"hls": beside(hls, HLS), "dash": beside(hls, DASH)},
        rtmps=Credential(url=server(rtmps.url) or None, streamKey=_secret(rtmps, "stream_key")),
        rtmpsPlayback=Credential(url=server(from_rtmps.url) or None, streamKey=_secret(from_rtmps, "stream_key")),
        srt=_srt(srt),
        srtPlayback=_srt(from_srt),
        webRTC=WebRtcCredential(url=whip.url or None),
        webRTCPlayback=WebRtcCredential(url=whep.url or None),
        status=status,
        statusDetail=detail,
        keysRotatedAt=iso(of.keys_rotate_time),
    )


def _way_in(of: pb.Livestream, protocol: str) -> pb.Input:
    ways = [way for way in of.inputs if way.protocol == protocol]
    return next((way for way in ways if way.instance in {"primary", ""}), pb.Input())


def _way_out(of: pb.Livestream, protocol: str) -> pb.Playout:
    return next((way for way in of.playouts if way.protocol == protocol), pb.Playout())


def _secret(way: pb.Input | pb.Playout, field: Literal["stream_key", "passphrase"]) -> str | None:
    return str(getattr(way, field)) if way.HasField(field) else None


def _srt(way: pb.Input | pb.Playout) -> SrtCredential:
    return SrtCredential(url=way.url or None, streamId=way.stream_id or None, passphrase=_secret(way, "passphrase"))


def _recording(of: pb.Livestream) -> dict[str, Any]:
    """TimeoutSeconds is echoed as it was sent."""
    asked = of.metadata.get(TIMEOUT, "")
    timeout_s: int | None = of.reconnect_window.seconds
    if asked and timeout_s == WINDOW_S:
        timeout_s = None if asked == "null" else 0
    return {
        "mode": "automatic" if of.recording.mode == pb.Recording.AUTOMATIC else "off",
        "timeoutSeconds": timeout_s,
        "requireSignedURLs": of.recording.require_signed_urls,
        "allowedOrigins": list(of.recording.allowed_origins),
        "hideLiveViewerCount": of.recording.hide_viewer_count,
    }


_ALL, _ONE = "/live_inputs", "/live_inputs/{id}"

ENDPOINTS = (
    Endpoint("GET", _ALL, "List live inputs", _list, query=ListQuery, answer=LiveInputsAnswer),
    Endpoint("POST", _ALL, "Create a live input", _create, body=LiveInputWrite, answer=LiveInputAnswer),
    Endpoint("GET", _ONE, "Get a live input", _get, answer=LiveInputAnswer),
    Endpoint("PUT", _ONE, "Update a live input", _update, body=LiveInputWrite, answer=LiveInputAnswer),
    Endpoint("DELETE", _ONE, "Delete a live input", _delete, answer=NothingAnswer),
    Endpoint("POST", f"{_ONE}/rotate_keys", "Make new keys", _rotate, answer=LiveInputAnswer),
)
