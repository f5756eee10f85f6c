"""Streams made to order."""

import asyncio
from pathlib import Path

import pytest

from services.common.bus.connection import Bus, connect
from services.common.bus.errors import Refused, Unavailable
from services.common.bus.stream import StreamConfig, ensure_stream
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


async def test_stream_made_twice_at_once_is_one(bus: Bus, name: str) -> None:
    """Programs that start together do not disturb each other."""
    config = StreamConfig(name=name, subjects=(f"{name}.>",), max_age_s=60, duplicate_window_s=30)
    logs = await asyncio.gather(*(ensure_stream(bus, config) for _ in range(5)))
    await logs[0].append(f"{name}.a", b"1")
    assert (await logs[4].usage()).last_sequence == 1


async def test_new_values_reach_a_stream_that_exists(bus: Bus, name: str) -> None:
    """A setting that was changed holds after the next start, and the messages stay."""
    await ensure_stream(bus, StreamConfig(name=name, subjects=(f"{name}.>",), max_bytes=1 << 20))
    log = await ensure_stream(bus, StreamConfig(name=name, subjects=(f"{name}.>",), max_bytes=1 << 21))
    assert (await log.usage()).max_bytes == 1 << 21


async def test_contradicting_values_are_refused(bus: Bus, name: str) -> None:
    """The server's own rules come through as words."""
    config = StreamConfig(name=name, subjects=(f"{name}.>",), max_age_s=1, duplicate_window_s=60)
    with pytest.raises(Refused, match="duplicates window"):
        await ensure_stream(bus, config)


async def test_oldest_messages_make_room(bus: Bus, name: str) -> None:
    """A full stream takes new messages and lets the oldest go."""
    log = await ensure_stream(bus, StreamConfig(name=name, subjects=(f"{name}.>",), max_bytes=50_000))
    for _ in range(20):
        await log.append(f"{name}.a", bytes(10_000))
    usage = await log.usage()
    assert usage.last_sequence == 20
    assert usage.first_sequence > 10


class SmallNats(NatsServer):
    """It has room for the limits of one stream, and not for those of two."""

    def command(self) -> list[str]:
        command = super().command()
        config = self.folder / "nats.conf"
        config.write_text(config.read_text().replace("jetstream {", "jetstream { max_file_store: 1500000,"))
        return command


async def test_stream_that_is_there_is_found_again_on_a_server_without_room_for_another(tmp_path: Path) -> None:
    """A program that is started again, or beside others, does not ask for the same room twice."""
    config = StreamConfig(name="T", subjects=("T.>",), max_bytes=1_000_000)
    with SmallNats(tmp_path / "nats") as server:
        for sequence in (1, 2, 3):
            bus = await connect(server.url, name="test")
            logs = await asyncio.gather(*(ensure_stream(bus, config) for _ in range(3)))
            assert await logs[0].append("T.a", b"1") == sequence
            await bus.close()
            server.restart()


async def test_stream_without_room_is_named_with_what_it_asks_for(tmp_path: Path) -> None:
    """Whoever reads it knows which disk is too small, and which limit to lower."""
    with SmallNats(tmp_path / "nats") as server:
        bus = await connect(server.url, name="test")
        with pytest.raises(Unavailable, match=r"no room for stream T, 2 GB"):
            await ensure_stream(bus, StreamConfig(name="T", subjects=("T.>",), max_bytes=2_000_000_000))
        await bus.close()
