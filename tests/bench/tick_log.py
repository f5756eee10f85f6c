"""The CMAF log read from outside: when each part was in it, and how far behind the clock a broadcast is."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import nats
from nats.aio.msg import Msg

from services.common import subjects
from services.common.clock import SystemClock
from services.common.media.tick import TickAssembler
from services.packager.hls.attributes import FIRST_MSN

_TIMEOUT_S = 5.0
_SHARD = 0

Place = tuple[int, int]
"""Media sequence number and part."""


async def behind_s(nats_url: str, broadcasts: Iterable[str]) -> list[float]:
    """For each broadcast: the clock less the date of the newest part's first sample. TimeoutError, NotFoundError."""
    client = await nats.connect(nats_url, connect_timeout=_TIMEOUT_S)
    clock = SystemClock()
    try:
        found = []
        for broadcast in broadcasts:
            subject = subjects.ticks(_SHARD, broadcast)
            message = await client.jetstream().get_last_msg(subjects.cmaf_stream(_SHARD).name, subject)
            tick = TickAssembler().feed(1, message.data or b"")
            if tick is not None and tick.head.parts:
                found.append(clock.now() - tick.head.program_time_us / 1e6)
        return found
    finally:
        await client.close()


@asynccontextmanager
async def stamps(nats_url: str, broadcast: str) -> AsyncIterator[dict[Place, float]]:
    """Unix time at which the log's server took each part in, filled while the block runs."""
    found: dict[Place, float] = {}
    assembler = TickAssembler()

    async def hear(message: Msg) -> None:
        tick = assembler.feed(message.metadata.sequence.stream, message.data)
        if tick is not None and tick.head.parts:
            found[(tick.head.msn + FIRST_MSN, tick.head.part)] = message.metadata.timestamp.timestamp()

    client = await nats.connect(nats_url, connect_timeout=_TIMEOUT_S, max_reconnect_attempts=0)
    try:
        subject = subjects.ticks(_SHARD, broadcast)
        await client.jetstream().subscribe(subject, cb=hear, ordered_consumer=True)
        yield found
    finally:
        await client.close()


def behind_now(nats_url: str, broadcasts: Iterable[str]) -> list[float]:
    """`behind_s` for those who have no loop."""
    return asyncio.run(behind_s(nats_url, broadcasts))
