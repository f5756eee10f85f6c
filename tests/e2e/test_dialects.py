"""A whole broadcast in each of the four dialects, with nothing but what their own answers say."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cloudflare import AsyncCloudflare

from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import Tracks, differences, read_tracks
from tests.e2e.harness.livestream import Json
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SECONDS = 9.0
ACCOUNT, APP = "default", "default"
KIT = f"/accounts/{ACCOUNT}/realtime/kit/{APP}/livestreams"
WINDOW_S = 1
PATIENCE_S = 60.0


class Stage:
    """A machine, its customers' clients, and a film that each of them sends."""

    def __init__(self, machine: Machine, film: Path, sent: Tracks, folder: Path) -> None:
        token = machine.home.admin_token_path.read_text().strip()
        self.origin, self.film, self.sent, self.folder = machine.origin, film, sent, folder
        self.cloudflare: Any = AsyncCloudflare(base_url=f"{machine.rest}/cloudflare/client/v4", api_token=token)
        self.http = httpx.AsyncClient(base_url=machine.rest, auth=("admin", token), timeout=20)

    def encoder(self, name: str, url: str) -> Encoder:
        return Encoder(self.film, url, self.folder / f"encoder-{name}")

    async def call(self, verb: str, path: str, **options: Any) -> Any:
        """What a plain HTTP client is told; AssertionError for a refusal."""
        answer = await self.http.request(verb, path, **options)
        assert answer.is_success, f"{verb} {path}: {answer.text}"
        return answer.json()["data"]

    async def until(self, ask: Callable[[], Awaitable[Any]], wanted: Any) -> None:
        await eventually(ask, lambda found: found == wanted, f"it is {wanted}", deadline_s=PATIENCE_S)

    async def plays(self, url: str) -> None:
        """Return once there is a picture; a player that is none of ours finds both tracks."""
        async with httpx.AsyncClient() as viewer:

            async def ask() -> int:
                return (await viewer.get(url)).status_code

            await self.until(ask, 200)
        assert await _codecs(url) == {"h264", "aac"}

    async def fetched(self, url: str, name: str) -> Tracks:
        """What a file holds that was downloaded."""
        path = self.folder / name
        async with httpx.AsyncClient(timeout=20) as viewer:
            path.write_bytes((await viewer.get(url)).raise_for_status().content)
        return await read_tracks(str(path))


async def test_broadcast_is_made_watched_and_kept_in_every_dialect(
    gentle: Machine, films: Callable[[Film], Path], tmp_path: Path
) -> None:
    """All at once: where to push, how it stands, where to watch, and what is kept are what each product's API says."""
    film = films(Film(SECONDS))
    stage = Stage(gentle, film, await read_tracks(str(film)), tmp_path)
    async with stage.http, stage.cloudflare, asyncio.TaskGroup() as all_four:
        for broadcast in (_stream, _realtimekit, _streamdiver, _cloudinary):
            all_four.create_task(broadcast(stage), name=broadcast.__name__)


async def _stream(stage: Stage) -> None:
    """By the product's own client: to `rtmps.url` with the key behind it, and at the delivery path."""
    client = stage.cloudflare
    recording = {"mode": "automatic", "timeoutSeconds": WINDOW_S}
    made = await client.stream.live_inputs.create(account_id=ACCOUNT, meta={"name": "film"}, recording=recording)

    async def status() -> str | None:
        found: str | None = (await client.stream.live_inputs.get(made.uid, account_id=ACCOUNT)).status
        return found

    async def videos() -> list[Json]:
        path = f"/accounts/{ACCOUNT}/stream/live_inputs/{made.uid}/videos"
        return list((await client.get(path, cast_to=object))["result"])

    assert await status() is None
    with stage.encoder("stream", made.rtmps.url + made.rtmps.stream_key) as encoder:
        await stage.until(status, "connected")
        await stage.plays(f"{stage.origin}/{made.uid}/manifest/video.m3u8")
        (growing,) = await eventually(videos, bool, "a video", deadline_s=PATIENCE_S)
        assert growing["status"]["state"] == "live-inprogress"
        await encoder.sent_all(deadline_s=SECONDS + 30)
    await stage.until(status, "client_disconnect")

    async def video() -> Any:
        return await client.stream.get(growing["uid"], account_id=ACCOUNT)

    kept = await eventually(video, lambda one: one.status.state == "ready", "it is ready", deadline_s=PATIENCE_S)
    assert (kept.live_input, kept.duration) == (made.uid, pytest.approx(SECONDS, abs=0.1))
    assert [each["uid"] for each in await videos()] == [kept.uid]
    assert differences(stage.sent, await read_tracks(kept.playback.hls)) == []
    await _downloads(stage, kept.uid)


async def _downloads(stage: Stage, video: str) -> None:
    """Ordered and fetched: every frame that was sent is in the file."""
    downloads = stage.cloudflare.stream.downloads
    await downloads.create(video, account_id=ACCOUNT)

    async def ask() -> Any:
        return (await downloads.get(video, account_id=ACCOUNT)).default

    file = await eventually(ask, lambda one: one.status == "ready", "the file is ready", deadline_s=PATIENCE_S)
    assert differences(stage.sent, await stage.fetched(file.url, "stream.mp4")) == []


async def _realtimekit(stage: Stage) -> None:
    """What the client lacks goes by its path. The window is the default's, so the broadcast is ended by `disable`."""
    client = stage.cloudflare
    made = (await client.post(KIT, body={"name": "film"}, cast_to=object))["data"]
    assert made["status"] == "INVOKED"

    async def shown() -> Any:
        get = client.realtime_kit.livestreams.get_livestream_session_for_livestream_id
        return (await get(made["id"], account_id=ACCOUNT, app_id=APP)).data

    async def status() -> str:
        return str((await shown()).livestream.status)

    with stage.encoder("realtimekit", made["ingest_server"] + made["stream_key"]) as encoder:
        await stage.until(status, "LIVE")
        await stage.plays(made["playback_url"])
        assert (await shown()).session.stopped_time is None
        await encoder.sent_all(deadline_s=SECONDS + 30)
    await client.put(f"{KIT}/{made['id']}/disable", cast_to=object)
    await stage.until(status, "IDLE")
    over = await eventually(
        shown, lambda one: one.session.stopped_time is not None, "the session is over", deadline_s=PATIENCE_S
    )
    assert over.livestream.disabled == "true"
    assert over.session.ingest_seconds > 0


async def _streamdiver(stage: Stage) -> None:
    """Started, published as soon as there is a picture, stopped: what lies before it was published is not kept."""
    base = "/streamdiver/v2"
    made = await stage.call("POST", f"{base}/livestreams", json={"name": "film"})
    one = f"{base}/livestreams/{made['id']}"
    assert (made["status"], made["inputs"]) == ("created", [])
    started = await stage.call("POST", f"{one}/start")
    way = next(each for each in started["inputs"] if each["primary"])

    async def publish() -> int:
        return (await stage.http.post(f"{one}/publish")).status_code

    async def status() -> str:
        return str((await stage.call("GET", one))["status"])

    with stage.encoder("streamdiver", way["url"]) as encoder:
        assert await publish() in {200, 409}
        await stage.until(publish, 200)
        await stage.until(status, "live")
        live = (await stage.call("GET", one))["playouts"][0]["url"]
        await stage.plays(live)
        await encoder.sent_all(deadline_s=SECONDS + 30)
    stopped = await stage.call("POST", f"{one}/stop")
    assert stopped["playouts"][0]["url"] != live
    await stage.until(status, "finished")
    media = await stage.call("GET", f"{base}/media/{stopped['mediaId'] or (await stage.call('GET', one))['mediaId']}")
    assert media["status"] == "ready"
    assert 0 < media["duration"] <= SECONDS + 0.1
    for url in (stopped["playouts"][0]["url"], live):
        assert len((await read_tracks(url)).video) <= len(stage.sent.video)


async def _cloudinary(stage: Stage) -> None:
    """Over when nothing has come for `idle_timeout_sec`; the archive has the public id of its output."""
    base = "/cloudinary/v2/video/default/live_streams"
    wanted = {"name": "film", "input": {"type": "rtmp"}, "idle_timeout_sec": WINDOW_S}
    made = await stage.call("POST", base, json=wanted)
    outputs = {each["type"]: each for each in made["outputs"]}
    assert (made["status"], set(outputs)) == ("idle", {"hls", "archive"})

    async def status() -> str:
        return str((await stage.call("GET", f"{base}/{made['id']}"))["status"])

    with stage.encoder("cloudinary", f"{made['input']['uri']}/{made['input']['stream_key']}") as encoder:
        await stage.until(status, "active")
        await stage.plays(outputs["hls"]["uri"])
        await encoder.sent_all(deadline_s=SECONDS + 30)
    await stage.until(status, "idle")

    async def media() -> list[Json]:
        answer = await stage.http.get("/v1/media", params={"livestreamId": made["id"], "state": "READY"})
        return list(answer.json().get("media", []))

    (kept,) = await eventually(media, bool, "the archive", deadline_s=PATIENCE_S)
    assert kept["publicId"] == outputs["archive"]["public_id"]
    assert differences(stage.sent, await read_tracks(kept["playouts"][0]["url"])) == []


async def _codecs(url: str) -> set[str]:
    """Of the first second."""
    command = [
        "ffprobe",
        "-v",
        "error",
        "-read_intervals",
        "%+1",
        "-show_entries",
        "stream=codec_name",
        "-of",
        "csv=p=0",
    ]
    process = await asyncio.create_subprocess_exec(*command, url, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(PATIENCE_S):
        said, _ = await process.communicate()
    return set(said.decode().replace(",", " ").split())
