"""One livestream of a machine: created, its URLs, and what the API and the origin say of it."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx

from tests.clients.frames import Tracks, differences, read_tracks
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.waiting import eventually, patient

WAIT_S = 40.0
Json = dict[str, Any]


class Livestream:
    """A livestream that a test made for itself."""

    def __init__(self, machine: Machine, made: Json) -> None:
        self.machine = machine
        self.id: str = made["id"]
        ways = {way["instance"]: way for way in made["inputs"] if way["protocol"] == "rtmp"}
        self._keys = {instance: way["streamKey"] for instance, way in ways.items()}
        self._urls = {instance: way["url"].rstrip("/") for instance, way in ways.items()}

    @classmethod
    async def create(cls, machine: Machine, **fields: Any) -> "Livestream":
        """A new livestream; `reconnect_window_s` is short unless said otherwise, so that tests end."""
        window_s = fields.pop("reconnect_window_s", 3)
        given = {"name": "proof", "reconnectWindow": f"{window_s}s", **fields}
        return cls(machine, await asyncio.to_thread(lambda: machine.client().livestreams.create(**given)))

    def ingest(self, instance: str = "primary", *, port: int | None = None) -> str:
        """Where an encoder pushes to; with `port`, to another ingest than the first."""
        url = self._urls[instance]
        if port is not None:
            url = url.replace(f":{self.machine.rtmp_port}/", f":{port}/")
        return f"{url}/{self._keys[instance]}"

    @property
    def playback(self) -> str:
        return f"{self.machine.origin}/{self.id}/index.m3u8"

    @property
    def watch(self) -> str:
        return f"{self.machine.origin}/{self.id}/watch"

    async def get(self) -> Json:
        return await patient(lambda: self.machine.client().livestreams.get(self.id))

    async def broadcasts(self) -> list[Json]:
        """Newest first."""
        return await patient(lambda: list(self.machine.client().livestreams.broadcasts(self.id)))

    async def media(self) -> list[Json]:
        """Newest first."""
        return await patient(lambda: list(self.machine.client().media.list(livestream=self.id)))

    async def until(self, holds: Callable[[Json], bool], what: str, *, deadline_s: float = WAIT_S) -> Json:
        """The livestream, once it is so."""
        return await eventually(self.get, holds, f"livestream {what}", deadline_s=deadline_s)

    async def on_air(self, *, deadline_s: float = WAIT_S) -> str:
        """The id of the broadcast, as soon as the origin has a picture of it."""
        async with httpx.AsyncClient() as client:
            found = await eventually(
                lambda: _named_broadcast(client, self.playback), bool, "a picture at the origin", deadline_s=deadline_s
            )
        return str(found)

    async def recorded(self, *, count: int = 1, deadline_s: float = 60.0) -> list[Json]:
        """Its media, once there are so many and all are ready; newest first."""
        return await eventually(
            self.media,
            lambda found: len(found) == count and all(each["state"] == "READY" for each in found),
            f"{count} ready media",
            deadline_s=deadline_s,
        )

    async def compare(self, sent: Tracks, media: Json) -> None:
        """The recording has every frame that was sent, in order, all times moved by one constant."""
        kept = await read_tracks(media["playouts"][0]["url"])
        found = differences(sent, kept)
        assert found == [], "\n".join(found)


async def _named_broadcast(client: httpx.AsyncClient, url: str) -> str | None:
    try:
        answer = await client.get(url, timeout=10)
    except httpx.TransportError:
        return None
    if answer.status_code != 200:
        return None
    uri = next(line for line in answer.text.splitlines() if line and not line.startswith("#"))
    return uri.split("/")[-2] if "/" in uri else None
