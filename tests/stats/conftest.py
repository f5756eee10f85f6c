"""A Redis for each file of tests that empty it, and a livestream for each test."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server
from tests.stats.keeping import Kept, kept


@pytest.fixture(scope="module")
def redis_alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
async def shelf(redis_alone: RedisServer, s3_server: S3Server) -> AsyncIterator[Kept]:
    async with kept(redis_alone, s3_server) as shelf:
        yield shelf
