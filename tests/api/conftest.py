"""One NATS and one api for each file of tests here."""

from collections.abc import Iterator

import pytest

from tests.api.running import ApiServer, Others, Rest
from tests.servers.nats import NatsServer


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, order_hold="2s") as server:
        yield server


@pytest.fixture
def others(nats: NatsServer) -> Others:
    return Others(nats.url)


@pytest.fixture
def rest(api: ApiServer) -> Iterator[Rest]:
    with api.client() as client:
        yield client
