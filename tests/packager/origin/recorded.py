"""Recordings and rules as an origin finds them, without an api and without a packager."""

from collections.abc import Sequence
from typing import Any

from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.protection_pb2 import Policy
from services.common import subjects
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.running import archiver, until
from tests.packager.program.encoder import Message


async def recorded(here: Stage, media: Sequence[Message]) -> Broadcast:
    """A broadcast of this media that has ended and is complete in the store."""
    broadcast = await here.begin()
    async with archiver(here.environment):
        await broadcast.send(media)
        await broadcast.end()
        await here.playback.change(broadcast.record.broadcast_id, _end)
        await until(lambda: here.is_in(broadcast, Playback.RECORDED))
    return broadcast


def _end(record: Playback) -> None:
    if record.state == Playback.LIVE:
        record.state = Playback.ENDED


async def rule(here: Stage, key: str, **rules: Any) -> None:
    """The policy that api would write."""
    bucket = await here.spine.bucket(subjects.POLICIES)
    await bucket.put(key, Policy(tenant_id="t", livestream_id=key, **rules).SerializeToString())
