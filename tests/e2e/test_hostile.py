"""Strangers, haste and absence: garbage at the door, pushes at once after creation, and an API that is away."""

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.clients.encoder import Encoder
from tests.clients.footage import Film
from tests.clients.frames import read_tracks
from tests.clients.rtmp_client import Publisher
from tests.e2e.harness.dials import dial
from tests.e2e.harness.livestream import Livestream
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.media_log import media_log
from tests.e2e.harness.waiting import eventually, until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]
MEMORY_GROWTH_BYTES = 24 * 1024 * 1024


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.slow)])
async def test_livestream_pushed_to_at_once_after_creation_is_never_refused(gentle: Machine, count: int) -> None:
    """The answer to the creation is the moment from which the key is known everywhere."""
    for _ in range(count):
        livestream = await Livestream.create(gentle, reconnect_window_s=1)
        status = await _publish(livestream.ingest(), gentle.rtmp_port)
        assert status["code"] == "NetStream.Publish.Start", status


@pytest.mark.parametrize("strangers", [60, pytest.param(500, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
async def test_strangers_at_the_door_harm_neither_a_good_stream_nor_memory(
    gentle: Machine, films: Callable[[Film], Path], tmp_path: Path, strangers: int
) -> None:
    """Garbage, half handshakes and silence: the good stream is whole, memory comes back, no traceback is logged."""
    dice = random.Random(dial("SEED", 1))
    film = films(Film(12.0))
    livestream = await Livestream.create(gentle)
    before = _memory(gentle.pid("ingest"))
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        await livestream.on_air()
        opened = [_stranger(gentle.rtmp_port, dice) for _ in range(strangers)]
        await encoder.sent_all(deadline_s=60)
        for stranger in opened:
            stranger.close()
    (media,) = await livestream.recorded()
    await livestream.compare(await read_tracks(str(film)), media)
    await until(
        lambda: _memory(gentle.pid("ingest")) < before + MEMORY_GROWTH_BYTES, "memory comes back", deadline_s=30
    )


async def test_api_away_through_a_whole_broadcast_has_complete_records_when_it_is_back(
    beaten: Machine, films: Callable[[Film], Path], tmp_path: Path
) -> None:
    """Frozen before the first byte and killed after the end, it reads from the log what it missed."""
    film = films(Film(9.0))
    livestream = await Livestream.create(beaten, reconnect_window_s=2)
    frozen = beaten.pause("api")
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        broadcast = await livestream.on_air()
        await encoder.sent_all(deadline_s=60)
    await _ended(beaten, broadcast)
    beaten.kill("api")
    await beaten.running("api", other_than=frozen)
    (media,) = await livestream.recorded()
    assert media["broadcastId"] == broadcast
    (record,) = await eventually(livestream.broadcasts, _is_told_whole, "all is heard of it", deadline_s=30)
    assert (record["id"], record["endReason"]) == (broadcast, "reconnect-window")
    assert record["startTime"] < record["endTime"]
    assert (await livestream.get())["state"] == "IDLE"
    await livestream.compare(await read_tracks(str(film)), media)


@pytest.mark.parametrize("kills", [2, pytest.param(10, marks=[pytest.mark.slow, pytest.mark.timeout(600)])])
async def test_nats_killed_at_full_rate_loses_and_reorders_nothing(
    beaten: Machine, films: Callable[[Film], Path], tmp_path: Path, kills: int
) -> None:
    """nats-server dies again and again under 4 Mbit/s: the media log has n = 1 to N, and the recording is the film."""
    dice = random.Random(dial("SEED", 1))
    film = films(Film(8.0 * kills, bit_rate="4M"))
    livestream = await Livestream.create(beaten, reconnect_window_s=8)
    with Encoder(film, livestream.ingest(), tmp_path / "encoder") as encoder:
        broadcast = await livestream.on_air()
        async with media_log(beaten, broadcast) as logged:
            for _ in range(kills):
                await asyncio.sleep(dice.uniform(2, 5))  # a seeded moment
                await beaten.running("nats", other_than=beaten.kill("nats"))
            await encoder.sent_all(deadline_s=8 * kills + 60)
            await until(lambda: logged.is_closed, "the end of the media log", deadline_s=30)
    ((_, numbers),) = logged.numbers.items()
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) > 8 * kills
    assert logged.lost == 0
    (media,) = await livestream.recorded(deadline_s=120)
    await livestream.compare(await read_tracks(str(film)), media)


async def _publish(url: str, port: int) -> dict[str, object]:
    """Speak RTMP as an encoder until the server says what it makes of us."""
    client = Publisher(app="live", stream_name=url.rpartition("/")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(20):
            while not client.statuses:
                writer.write(client.data_to_send())
                data = await reader.read(64 * 1024)
                assert data, "the server hung up"
                client.receive_data(data)
    finally:
        writer.close()
    return dict(client.statuses[0])


def _stranger(port: int, dice: random.Random) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    handshake = b"\x03" + dice.randbytes(1536)
    said = dice.choice([b"", dice.randbytes(3000), handshake[:700], handshake + dice.randbytes(1536 + 4000)])
    with suppress(OSError):  # it was shown the door at once, which is as good
        connection.sendall(said)
    return connection


def _memory(pid: int) -> int:
    """Resident bytes of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def _is_told_whole(found: list[dict[str, Any]]) -> bool:
    """That its recording is complete may be heard before why it ended: the facts come in any order."""
    return bool(found) and found[0]["state"] == "ENDED" and bool(found[0]["endReason"])


async def _ended(machine: Machine, broadcast: str) -> None:
    """Return when the origin serves the broadcast as a recording: nobody else can say so while the API is away."""

    async def ask() -> str:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{machine.origin}/{broadcast}/video.vod.m3u8", timeout=10)).text

    await eventually(ask, lambda text: "PLAYLIST-TYPE:VOD" in text, "the recording", deadline_s=40)
