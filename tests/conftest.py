"""Fixtures that all tests may ask for; nothing is imported from here.

`nats_server`, `redis_server` and `s3_server` run through the whole session (one set for each xdist worker) and are
shared: a test uses names of its own in them (subjects, buckets, keys) and never stops them. A test that stops, kills or
pauses a server asks for `own_nats`, `own_redis` or `own_s3`.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.servers.nats import NatsServer
from tests.servers.redis import RedisServer
from tests.servers.s3 import MinioServer, S3Server, minio_program

# How long an example takes is the machine's affair, which is busy: other tests run beside.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

# Tests of the supervisor start programs where other tests have used gRPC, whose threads do not survive a fork: what it
# does about that in the child, before the program is run, has aborted one. No program of ours has both in it.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")


MACHINES = "tests/e2e/"


class Shares(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Which worker runs what: the tests of a file stay together, for they share servers; and whole machines run one
    after the other.
    """

    def _split_scope(self, nodeid: str) -> str:
        return MACHINES if nodeid.startswith(MACHINES) else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Shares:
    return Shares(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where there are workers, whole machines begin first, because they take longest."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: not item.nodeid.startswith(MACHINES))


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture(autouse=True)
def buckets_end_with_their_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """SeaweedFS gives each bucket a volume, and has room for some sixty on a small disk: they are given back."""
    if not {"s3_server", "each_s3_server"} & set(request.fixturenames):
        yield
        return
    server: S3Server = request.getfixturevalue("s3_server")
    before = server.buckets()
    yield
    for bucket in server.buckets() - before:
        server.remove(bucket)


@pytest.fixture(scope="session")
def minio_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """Real MinIO; tests that ask for it are skipped where it has not been built."""
    if minio_program() is None:
        pytest.skip("no MinIO here: `make minio` builds it where Go is, or name one in MINIO_BIN")
    with MinioServer(tmp_path_factory.mktemp("minio")) as server:
        yield server


@pytest.fixture(params=["s3_server", "minio_server"], ids=["seaweedfs", "minio"])
def each_s3_server(request: pytest.FixtureRequest) -> S3Server:
    """One store after the other: what holds for the object store must hold on both."""
    server: S3Server = request.getfixturevalue(request.param)
    return server


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats") as server:
        yield server


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def own_s3(tmp_path: Path) -> Iterator[S3Server]:
    with S3Server(tmp_path / "s3") as server:
        yield server
