"""A stage with its own nats-server, and one on the session's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.archiver.on_air import Stage, stage
from tests.servers.nats import NatsServer
from tests.servers.s3 import S3Server


@pytest.fixture
async def here(own_nats: NatsServer, s3_server: S3Server, tmp_path: Path) -> AsyncIterator[Stage]:
    """On the session's store."""
    async with stage(own_nats, s3_server, tmp_path, PURGE_GRACE="1s") as opened:
        await opened.objects.ensure_bucket()
        yield opened
