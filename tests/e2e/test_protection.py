"""A protected livestream from its creation to the revocation of a key, with the whole system and plain HTTP."""

import asyncio
import base64
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from services.common.clock import SystemClock
from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

SECONDS = 60.0
"""More than is needed: the encoder is ended with the test."""


def signed(key: dict[str, Any], subject: str) -> str:
    """What a customer's own server makes of the key that it was shown once."""
    pem = base64.b64decode(key["pem"])
    return jwt.encode({"sub": subject, "exp": int(SystemClock().now()) + 600}, pem, "RS256", headers={"kid": key["id"]})


async def status(viewer: httpx.AsyncClient, path: str) -> int:
    return (await viewer.get(path)).status_code


def uris(playlist: str) -> list[str]:
    """Those of what is there: a hinted part would be waited for."""
    lines = [line for line in playlist.splitlines() if line and "PRELOAD-HINT" not in line]
    quoted = [line.partition('URI="')[2].partition('"')[0] for line in lines if 'URI="' in line]
    return [*quoted, *(line for line in lines if not line.startswith("#"))]


async def fetched(viewer: httpx.AsyncClient, path: str) -> dict[str, httpx.Response]:
    """A multivariant playlist and all that it leads to."""
    found = {path: await viewer.get(path)}
    for target, answer in found.copy().items():
        for uri in uris(answer.text):
            media = viewer.base_url.join(target).join(uri)
            found[media.raw_path.decode()] = playlist = await viewer.get(media)
            for inner in uris(playlist.text)[:6]:
                url = media.join(inner)
                found.setdefault(url.raw_path.decode(), await viewer.get(url))
    return found


async def test_signed_livestream_is_watched_with_a_token_and_by_nobody_else(
    gentle: Machine, films: Callable[[Film], Path], tmp_path: Path
) -> None:
    """By each alias without a token 401; with one everything plays; a revoked key is refused in mid-view."""
    client = gentle.client()
    livestream = await Livestream.create(gentle, recording={"requireSignedUrls": True})
    key = await asyncio.to_thread(client.signing_keys.create)
    token = signed(key, livestream.id)
    film = films(Film(SECONDS))
    async with httpx.AsyncClient(base_url=gentle.origin, timeout=20) as viewer:
        with Encoder(film, livestream.ingest(), tmp_path / "encoder"):
            path = f"/{token}/manifest/video.m3u8"
            await eventually(lambda: status(viewer, path), lambda code: code == 200, "a picture", deadline_s=40)
            found = await fetched(viewer, path)
            assert {answer.status_code for answer in found.values()} == {200}
            assert not [name for name, answer in found.items() if "public" in answer.headers["cache-control"]]
            await _is_closed_to_others(viewer, livestream, found)

            made = await asyncio.to_thread(client.signing_keys.playback_token, livestream.id)
            assert await status(viewer, f"/{livestream.id}/index.m3u8?token={made['token']}") == 200
            assert await status(viewer, f"/{made['token']}/thumbnails/thumbnail.jpg") == 200

            began = time.monotonic()
            await asyncio.to_thread(client.signing_keys.revoke, key["id"])
            playlist = next(name for name in found if "/video.m3u8" in name and "manifest" not in name)
            await eventually(
                lambda: status(viewer, playlist), lambda code: code == 401, "it is refused", deadline_s=10, poll_s=0.01
            )
            sys.stdout.write(f"a revoked key was refused after {time.monotonic() - began:.3f} s\n")
            assert {await status(viewer, name) for name in found} == {401}
            assert await status(viewer, f"/{made['token']}/index.m3u8") == 200, "another key's token is good"


async def _is_closed_to_others(viewer: httpx.AsyncClient, livestream: Livestream, found: dict[str, Any]) -> None:
    """Each thing that was just fetched, and its aliases, now without a token."""
    media = {name.partition("?")[0] for name in found if "manifest" not in name}
    broadcast = next(iter(media)).split("/")[1]
    rest = ("index.m3u8", "manifest/video.m3u8", "thumbnails/thumbnail.jpg", "views", "captions/en.vtt")
    aliases = [f"/{of}/{each}" for of in (livestream.id, broadcast) for each in rest]
    files = [f"/{broadcast}/{each}" for each in ("download/mp4", "downloads/default.mp4", "downloads/audio.m4a")]
    for path in (*media, *aliases, *files):
        answer = await viewer.get(path)
        assert (path, answer.status_code, answer.headers["cache-control"]) == (path, 401, "private, no-store")
    assert (await viewer.get(f"/{livestream.id}/lifecycle")).json()["videoUID"] == broadcast
    assert (await viewer.get(f"/{livestream.id}/watch")).status_code == 200
