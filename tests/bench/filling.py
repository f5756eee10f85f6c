"""Filling buckets with what an estate has, as fast as NATS takes it."""

import asyncio
import time
from pathlib import Path

from services.api.protocol_keys import ProtocolKeys
from services.api.records import open_records
from services.api.settings import Settings
from services.api.stream_keys import StreamKeys
from services.common.bus.connection import Bus, connect
from services.common.bus.errors import Unavailable
from services.common.bus.wire import EXPECTED_LAST, encode_headers, parse_ack
from services.common.clock import SystemClock
from services.common.secrets import sealer_of
from services.common.spine import Spine
from tests.bench.estate import Estate, Item
from tests.bench.progress import say

_ASK_EACH = 500
"""NATS takes what nobody wants acknowledged into a queue of 10,000 a stream, and drops what is more."""
_AHEAD = 6
_CREATED = encode_headers({EXPECTED_LAST: "0"})
"""What our programs write by compare-and-set keeps the header that says so, and is read with it ever after."""
_SAY_EACH_S = 5.0


def fill(nats_url: str, home: Path, estate: Estate) -> int:
    """Write all of it, sealed with the key of `home`; how many keys there are. Errors: Unavailable."""
    return asyncio.run(_fill(nats_url, home, estate))


async def _fill(nats_url: str, home: Path, estate: Estate) -> int:
    bus = await connect(nats_url, name="fill")
    try:
        settings = Settings(home=home)
        spine, sealer = Spine(bus, settings), sealer_of(settings)
        records = await open_records(spine, noticed=lambda _key: None)
        keys = StreamKeys(sealer, records.keys, records.broadcasts, SystemClock())
        return await _write(bus, spine, estate, ProtocolKeys(sealer, settings.addresses), keys)
    finally:
        await bus.close()


async def _write(bus: Bus, spine: Spine, estate: Estate, protocol_keys: ProtocolKeys, keys: StreamKeys) -> int:
    asked: list[asyncio.Future[int]] = []
    counts: dict[str, int] = {}
    began = said = time.monotonic()
    for item in estate.items(keys, protocol_keys):
        if item.bucket not in counts:
            await spine.bucket(item.bucket)
        counts[item.bucket] = counts.get(item.bucket, 0) + 1
        if counts[item.bucket] % _ASK_EACH:
            bus.publish(_subject(item), item.value, headers=_CREATED)
            continue
        asked.append(bus.ask(_subject(item), item.value, headers=_CREATED, decode=parse_ack, timeout_s=60.0))
        if len(asked) > _AHEAD:
            await asked.pop(0)
        if time.monotonic() - said > _SAY_EACH_S:
            said = time.monotonic()
            say(f"{sum(counts.values()):,} keys written in {said - began:.0f} s")
    await asyncio.gather(*asked)
    await bus.flush()
    await _check(bus, counts)
    return sum(counts.values())


def _subject(item: Item) -> str:
    return f"$KV.{item.bucket}.{item.key}"


async def _check(bus: Bus, counts: dict[str, int]) -> None:
    """That all has been taken: most of it was not acknowledged."""
    for bucket, count in counts.items():
        async with asyncio.timeout(60.0):
            while await _messages(bus, bucket) < count:  # noqa: ASYNC110  NATS does not say when
                await asyncio.sleep(0.05)


async def _messages(bus: Bus, bucket: str) -> int:
    try:
        answer = await bus.api(f"STREAM.INFO.KV_{bucket}")
    except Unavailable:
        return 0
    return int(answer["state"]["messages"])
