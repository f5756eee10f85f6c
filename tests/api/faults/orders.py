"""The orders: how each is prepared and sent. A row for each method that changes something, and for each way it may."""

import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.api.faults.stage import Stage

VTT = b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n"
WEBHOOK = {"url": "http://127.0.0.1:9/hook"}

Prepare = Callable[[Stage], Awaitable[None]]
Sent = tuple[str, str, Any]
"""Verb, path, body."""


async def _nothing(_stage: Stage) -> None:
    """The stage is enough."""


@dataclass(frozen=True)
class Order:
    """One call of /v1."""

    sent: Callable[[Stage], Sent]
    prepare: Prepare = _nothing
    is_on_air: bool = False


def _png() -> bytes:
    """A picture of two by two dots."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 2, 2, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\x00" + bytes(6) + b"\x00" + bytes(6))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PNG = _png()


def _of_livestream(verb: str, tail: str, body: Any = None) -> Callable[[Stage], Sent]:
    return lambda stage: (verb, f"/v1/livestreams/{stage.livestream}{tail}", body)


def _of_media(verb: str, tail: str = "", body: Any = None) -> Callable[[Stage], Sent]:
    return lambda stage: (verb, f"/v1/media/{stage.media}{tail}", body)


def _of(what: str, verb: str, path: str, body: Any = None) -> Callable[[Stage], Sent]:
    return lambda stage: (verb, path.format(stage.made[what], livestream=stage.livestream), body)


def _plain(verb: str, path: str, body: Any = None) -> Callable[[Stage], Sent]:
    return lambda stage: (verb, path.format(stage.tenant), _filled(body, stage.tenant))


def _filled(body: Any, tenant: str) -> Any:
    if not isinstance(body, dict):
        return body
    return {name: value.format(tenant) if isinstance(value, str) else value for name, value in body.items()}


def _made(what: str, path: str, body: Any = None) -> Prepare:
    async def prepare(stage: Stage) -> None:
        stage.made[what] = (await stage.call("POST", path.format(livestream=stage.livestream), body or {}))["id"]

    return prepare


async def _armed(stage: Stage) -> None:
    await stage.call(*_of_livestream("POST", ":activate", {})(stage))


async def _disabled(stage: Stage) -> None:
    await stage.call(*_of_livestream("POST", ":disable", {})(stage))


async def _illustrated(stage: Stage) -> None:
    await stage.call(*_of_livestream("PUT", "/thumbnail", PNG)(stage))


async def _posed(stage: Stage) -> None:
    await stage.call(*_of_media("PUT", "/thumbnail", PNG)(stage))


async def _captioned(stage: Stage) -> None:
    await stage.call(*_of_media("PUT", "/captions/en", VTT)(stage))


async def _deleted(stage: Stage) -> None:
    await stage.call(*_of_media("DELETE")(stage))


async def _converted(stage: Stage) -> None:
    await stage.call(*_of_media("POST", "/downloads", {"format": "MP4"})(stage))


async def _hooked(stage: Stage) -> None:
    stage.made["webhook"] = (await stage.call("POST", "/v1/webhooks", WEBHOOK))["id"]


async def _pinged(stage: Stage) -> None:
    await _hooked(stage)
    path = f"/v1/webhooks/{stage.made['webhook']}"
    pinged = await stage.call("POST", f"{path}:ping", {})
    stage.made["delivery"] = f"{path}/deliveries/{pinged['id']}"


async def _emptied(stage: Stage) -> None:
    """Only its keys are left, which go with it."""
    await stage.call(*_of_livestream("DELETE", "?deleteMedia=true")(stage))
    await stage.call("POST", "/v1/tokens", {"name": "n", "scope": "READ"})
    await stage.call("POST", "/v1/apps", {"id": "part"})


SIMULCAST = {"type": "SIMULCAST", "url": "rtmp://127.0.0.1/live", "streamKey": "k"}
OUTPUTS = "/v1/livestreams/{livestream}/outputs"
CLIP = {"start": "1s", "end": "3s"}
SETTINGS = {"name": "other", "reconnectWindow": "7s", "recording": {"requireSignedUrls": True}}

ORDERS: dict[str, list[Order]] = {
    "LivestreamService.CreateLivestream": [Order(_plain("POST", "/v1/livestreams", {"name": "second"}))],
    "LivestreamService.UpdateLivestream": [
        Order(_of_livestream("PATCH", "", SETTINGS)),
        Order(_of_livestream("PATCH", "", SETTINGS | {"enabled": False}), is_on_air=True),
    ],
    "LivestreamService.DeleteLivestream": [
        Order(_of_livestream("DELETE", "")),
        Order(_of_livestream("DELETE", "?deleteMedia=true"), _illustrated),
        Order(_of_livestream("DELETE", "?endBroadcast=true"), is_on_air=True),
    ],
    "LivestreamService.ActivateLivestream": [Order(_of_livestream("POST", ":activate", {}))],
    "LivestreamService.IdleLivestream": [
        Order(_of_livestream("POST", ":idle", {}), is_on_air=True),
        Order(_of_livestream("POST", ":idle", {}), _armed),
    ],
    "LivestreamService.PublishLivestream": [Order(_of_livestream("POST", ":publish", {}), is_on_air=True)],
    "LivestreamService.CompleteLivestream": [Order(_of_livestream("POST", ":complete", {}), is_on_air=True)],
    "LivestreamService.EnableLivestream": [Order(_of_livestream("POST", ":enable", {}), _disabled)],
    "LivestreamService.DisableLivestream": [Order(_of_livestream("POST", ":disable", {}), is_on_air=True)],
    "LivestreamService.RotateKeys": [
        Order(_of_livestream("POST", ":rotateKeys", {}), is_on_air=True),
        Order(_of_livestream("POST", ":rotateKeys", {})),
    ],
    "LivestreamService.UpdateThumbnail": [
        Order(_of_livestream("PUT", "/thumbnail", PNG)),
        Order(_of_livestream("PUT", "/thumbnail", PNG), _illustrated),
    ],
    "LivestreamService.DeleteThumbnail": [Order(_of_livestream("DELETE", "/thumbnail"), _illustrated)],
    "OutputService.CreateOutput": [Order(_of_livestream("POST", "/outputs", SIMULCAST), is_on_air=True)],
    "OutputService.UpdateOutput": [
        Order(_of("output", "PATCH", f"{OUTPUTS}/{{}}", {"enabled": False}), _made("output", OUTPUTS, SIMULCAST))
    ],
    "OutputService.DeleteOutput": [
        Order(_of("output", "DELETE", f"{OUTPUTS}/{{}}"), _made("output", OUTPUTS, SIMULCAST))
    ],
    "MediaService.UpdateMedia": [Order(_of_media("PATCH", "", {"name": "other", "requireSignedUrls": True}))],
    "MediaService.DeleteMedia": [
        Order(_of_media("DELETE"), _captioned),
        Order(_of_media("DELETE", "?permanent=true")),
        Order(_of_media("DELETE", "?permanent=true"), _deleted),
    ],
    "MediaService.RestoreMedia": [Order(_of_media("POST", ":restore", {}), _deleted)],
    "MediaService.ClipMedia": [Order(_of_media("POST", ":clip", CLIP))],
    "MediaService.CreateDownload": [Order(_of_media("POST", "/downloads", {"format": "MP4"}))],
    "MediaService.DeleteDownload": [Order(_of_media("DELETE", "/downloads/MP4"), _converted)],
    "MediaService.UpdateMediaThumbnail": [
        Order(_of_media("PUT", "/thumbnail", PNG)),
        Order(_of_media("PUT", "/thumbnail", PNG), _posed),
    ],
    "MediaService.DeleteMediaThumbnail": [Order(_of_media("DELETE", "/thumbnail"), _posed)],
    "MediaService.UpdateCaption": [
        Order(_of_media("PUT", "/captions/en", VTT)),
        Order(_of_media("PUT", "/captions/en", VTT), _captioned),
    ],
    "MediaService.DeleteCaption": [Order(_of_media("DELETE", "/captions/en"), _captioned)],
    "TenantService.CreateTenant": [
        Order(_plain("POST", "/v1/tenants", {"name": "{}"})),
        Order(_plain("POST", "/v1/tenants", {"id": "{}x"})),
    ],
    "TenantService.UpdateTenant": [Order(_plain("PATCH", "/v1/tenants/{}", {"name": "other"}))],
    "TenantService.DeleteTenant": [Order(_plain("DELETE", "/v1/tenants/{}"), _emptied)],
    "AppService.CreateApp": [
        Order(_plain("POST", "/v1/apps", {"name": "part"})),
        Order(_plain("POST", "/v1/apps", {"id": "part"})),
    ],
    "AppService.DeleteApp": [Order(_of("app", "DELETE", "/v1/apps/{}"), _made("app", "/v1/apps", {"id": "part"}))],
    "TokenService.CreateToken": [Order(_plain("POST", "/v1/tokens", {"name": "n", "scope": "READ"}))],
    "TokenService.DeleteToken": [
        Order(_of("token", "DELETE", "/v1/tokens/{}"), _made("token", "/v1/tokens", {"name": "n", "scope": "READ"}))
    ],
    "SigningKeyService.CreateSigningKey": [Order(_plain("POST", "/v1/signingKeys", {}))],
    "SigningKeyService.DeleteSigningKey": [
        Order(_of("key", "DELETE", "/v1/signingKeys/{}"), _made("key", "/v1/signingKeys"))
    ],
    "SigningKeyService.CreatePlaybackToken": [Order(_of_media("POST", "/playbackTokens", {}))],
    "WebhookService.CreateWebhook": [
        Order(_plain("POST", "/v1/webhooks", WEBHOOK)),
        Order(_plain("POST", "/v1/webhooks", WEBHOOK | {"format": "STREAMDIVER"})),
    ],
    "WebhookService.UpdateWebhook": [Order(_of("webhook", "PATCH", "/v1/webhooks/{}", {"name": "other"}), _hooked)],
    "WebhookService.DeleteWebhook": [Order(_of("webhook", "DELETE", "/v1/webhooks/{}"), _pinged)],
    "WebhookService.PingWebhook": [Order(_of("webhook", "POST", "/v1/webhooks/{}:ping", {}), _hooked)],
    "WebhookService.ResendDelivery": [Order(_of("delivery", "POST", "{}:resend", {}), _pinged)],
}
"""By method of gRPC. A method that changes something and has no row fails a test."""
