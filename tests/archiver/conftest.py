"""A stage with its own nats-server."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.archiver.on_air import Stage, stage
from tests.servers.nats import NatsServer
from tests.servers.s3 import S3Server


@pytest.fixture
async def here(own_nats: NatsServer, s3_server: S3Server, tmp_path: Path) -> AsyncIterator[Stage]:
    """On the session's store; ended broadcasts are let go at once after a second."""
    async with stage(own_nats, s3_server, tmp_path, PURGE_GRACE="1s") as opened:
        yield opened
