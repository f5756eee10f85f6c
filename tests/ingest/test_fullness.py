"""Full logs: judged from the stream's own numbers, shard by shard."""

import pytest

from services.common import subjects
from services.common.bus.connection import connect
from services.common.bus.log import Usage
from services.common.spine import Spine
from services.ingest.app import batch_limits
from services.ingest.fullness import Fullness, is_full
from tests.ingest.running import read_settings, settings_for
from tests.servers.nats import NatsServer


@pytest.mark.parametrize(
    ("used", "limit", "expected"), [(0, 100, False), (95, 100, False), (96, 100, True), (10**9, 0, False)]
)
def test_stream_is_full_at_95_percent_of_its_bytes(used: int, limit: int, expected: bool) -> None:
    """One without a limit never is."""
    assert is_full(Usage(used, limit, 1, 1)) is expected


@pytest.mark.connected
async def test_shard_whose_log_is_full_takes_no_broadcast_until_it_has_room(own_nats: NatsServer) -> None:
    """The other shards do."""
    settings = read_settings(settings_for(own_nats, SHARDS="2", MEDIA_LOG_BYTES="1000000"))
    bus = await connect(own_nats.url, name="test")
    try:
        spine = Spine(bus, settings)
        fullness = Fullness(spine, shards=2)
        log = await spine.media(0)
        await fullness.look()
        assert fullness.open_shards() == [0, 1]
        for _ in range(12):
            await log.append(subjects.media(0, "primary", "b"), bytes(80_000))
        await fullness.look()
        assert fullness.open_shards() == [1]
        await log.purge(subjects.media(0, "primary", "b"))
        await fullness.look()
        assert fullness.open_shards() == [0, 1]
    finally:
        await bus.close()


@pytest.mark.parametrize(("max_payload", "expected"), [(8_000_000, 60_000), (65_536, 25_536), (1_000, 4_000)])
def test_batch_fits_what_the_server_takes_in_one_message(max_payload: int, expected: int) -> None:
    """With room for the head and the codec configurations."""
    settings = read_settings({"HEADWATER_BATCH_BYTES": "60000"})
    assert batch_limits(settings, max_payload=max_payload).size_bytes == expected
