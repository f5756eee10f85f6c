"""Stream keys: known at once, also those made, enabled or withdrawn this moment."""

import pytest

from headwater.internal.v1.onair_pb2 import StreamKey
from services.common import subjects
from services.common.bus.errors import Unavailable
from services.common.ids import digest
from services.common.tasks import cancel, spawn
from services.ingest.keys import KeyBook
from tests.ingest.running import platform, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


async def test_key_not_seen_yet_is_looked_up(nats_server: NatsServer) -> None:
    """Nobody has watched anything, and a wrong candidate before it does no harm."""
    async with platform(nats_server) as api:
        livestream = await api.create()
        book = KeyBook(await api.spine.bucket(subjects.KEYS))
        found = await book.find(["live", livestream.key])
        assert found is not None
        assert (found.name, found.key.livestream_id) == (digest(livestream.key), livestream.id)
        assert await book.find(["live", "no such key"]) is None


async def test_key_enabled_a_moment_ago_is_looked_up(nats_server: NatsServer) -> None:
    """What the watch has not told yet does not refuse anybody."""
    async with platform(nats_server) as api:
        livestream = await api.create(is_enabled=False)
        book = KeyBook(await api.spine.bucket(subjects.KEYS))
        book._take(digest(livestream.key), _disabled(livestream.id))
        await api.put_key(livestream)
        found = await book.find([livestream.key])
        assert found is not None
        assert found.key.is_enabled


def _disabled(livestream: str) -> bytes:
    return StreamKey(livestream_id=livestream, instance="primary").SerializeToString()


async def test_watched_keys_open_without_nats_and_withdrawn_ones_are_told(own_nats: NatsServer) -> None:
    """Unknown keys are then not called unknown: nobody knows."""
    async with platform(own_nats) as api:
        livestream = await api.create()
        book = KeyBook(await api.spine.bucket(subjects.KEYS))
        withdrawn: list[str] = []
        book.on_withdrawn = withdrawn.append
        watching = spawn(book.watch(), name="watch")
        await until(lambda: len(book._known) == 2)
        await api.withdraw(livestream.keys["secondary"])
        await until(lambda: withdrawn == [digest(livestream.keys["secondary"])])
        own_nats.kill()
        await until(lambda: not api.bus.is_connected)
        assert await book.find(["live", livestream.key]) is not None
        with pytest.raises(Unavailable):
            await book.find(["another"])
        await cancel(watching)


async def test_foreign_bytes_in_the_bucket_open_nothing_and_end_nothing(nats_server: NatsServer) -> None:
    """One bad record must not keep ingest from starting."""
    async with platform(nats_server) as api:
        bucket = await api.spine.bucket(subjects.KEYS)
        livestream = await api.create()
        bad = livestream.keys["secondary"]
        await bucket.put(digest(bad), b"\xff\xff\xff")
        book = KeyBook(bucket)
        watching = spawn(book.watch(), name="watch")
        await api.put_key(livestream)
        await until(lambda: digest(livestream.key) in book._known)
        assert await book.find([bad]) is None
        assert await book.find([livestream.key]) is not None
        await bucket.delete(digest(bad))
        await cancel(watching)
