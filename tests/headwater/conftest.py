"""One NATS and one api for each file of tests here that asks for them."""

from collections.abc import Iterator

import pytest

from tests.api.running import ApiServer
from tests.servers.nats import NatsServer


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with (
        NatsServer(tmp_path_factory.mktemp("nats")) as nats,
        ApiServer(tmp_path_factory.mktemp("api"), nats.url) as server,
    ):
        yield server
