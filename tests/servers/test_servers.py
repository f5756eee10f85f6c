"""The servers for tests keep their word: what runs is ours, what is killed is gone, what comes back has its data."""

import contextlib
import io
import os
import socket
import uuid
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest
import redis.asyncio
from nats.js.api import StreamConfig

from tests.servers.nats import MAX_PAYLOAD, NatsServer
from tests.servers.ports import free_ports, is_free, listens
from tests.servers.process import DidNotStartError
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.connected


@contextlib.contextmanager
def listener() -> Iterator[int]:
    (port,) = free_ports(1)
    with socket.create_server(("127.0.0.1", port)):
        yield port


async def test_nats_killed_and_started_again_has_what_was_acknowledged(own_nats: NatsServer) -> None:
    """A message the log has acknowledged is there after kill -9, on the same URL."""
    url = own_nats.url
    async with await nats.connect(url) as client:
        await client.jetstream().add_stream(StreamConfig(name="S", subjects=["s"]))
        await client.jetstream().publish("s", b"kept")

    own_nats.restart(by_force=True)

    async with await nats.connect(url) as client:
        assert (await client.jetstream().get_last_msg("S", "s")).data == b"kept"


async def test_nats_takes_messages_of_eight_megabytes(nats_server: NatsServer) -> None:
    """A tick may be as large as ours is set, which is more than a stock server takes."""
    async with await nats.connect(nats_server.url) as client:
        assert client.max_payload == MAX_PAYLOAD


async def test_redis_killed_and_started_again_answers_with_its_data(own_redis: RedisServer) -> None:
    """Redis keeps its keys over a stop in order."""
    async with redis.asyncio.from_url(own_redis.url) as client:
        await client.set("k", "v")

    own_redis.restart()

    async with redis.asyncio.from_url(own_redis.url) as client:
        assert await client.get("k") == b"v"


def test_s3_takes_and_gives_an_object(each_s3_server: S3Server) -> None:
    """Either store holds what a client puts into it."""
    client, bucket = each_s3_server.client(), f"b{uuid.uuid4().hex}"
    client.make_bucket(bucket)
    client.put_object(bucket, "a/b", io.BytesIO(b"bytes"), 5)

    with client.get_object(bucket, "a/b") as response:
        assert response.read() == b"bytes"


def test_s3_killed_and_started_again_has_its_objects(own_s3: S3Server) -> None:
    """An object that was put is there after kill -9."""
    client = own_s3.client()
    client.make_bucket("bucket")
    client.put_object("bucket", "a", io.BytesIO(b"bytes"), 5)

    own_s3.restart(by_force=True)

    with client.get_object("bucket", "a") as response:
        assert response.read() == b"bytes"


def test_killed_server_leaves_nobody_on_its_port(own_nats: NatsServer) -> None:
    """After kill the process is gone and the port free."""
    pid, port = own_nats.pid, own_nats.port

    own_nats.kill()

    assert is_free(port)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_paused_server_goes_on_where_it_was(own_redis: RedisServer) -> None:
    """A paused server keeps its port and its process, and answers again when resumed."""
    pid = own_redis.pid
    own_redis.pause()
    assert not own_redis.is_ready()

    own_redis.resume()

    assert own_redis.is_ready()
    assert own_redis.pid == pid


def test_port_taken_by_a_stranger_is_an_error_and_not_a_server(tmp_path: Path) -> None:
    """Somebody else's listener on the wanted port is not taken for ours."""
    with listener() as port, pytest.raises(DidNotStartError, match=str(port)):
        NatsServer(tmp_path, port).start()


def test_listens_tells_our_process_from_another() -> None:
    """A port belongs to the process that holds its socket."""
    with listener() as port:
        assert listens(os.getpid(), port)
        assert not listens(os.getppid(), port)


def test_stopped_server_ends_in_order(own_nats: NatsServer) -> None:
    """Stop lets the server write down that it ended."""
    own_nats.stop()

    assert not own_nats.is_running
    assert "Server Exiting" in own_nats.log.read_text()
