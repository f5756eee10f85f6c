"""The object store's contract, held by SeaweedFS and by real MinIO alike."""

import asyncio
import hashlib
import os
import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import urllib3

from services.common.objects import Body, ObjectsRefused, ObjectStore, ObjectsUnavailable
from tests.servers.ports import free_ports
from tests.servers.s3 import MinioServer, S3Server, minio_program

pytestmark = pytest.mark.connected
MIB = 1 << 20


def store_on(server: S3Server, bucket: str, *, timeout_s: float = 30.0) -> ObjectStore:
    return ObjectStore(
        server.url,
        access_key=server.access_key,
        secret_key=server.secret_key,
        bucket=bucket,
        region=server.region,
        timeout_s=timeout_s,
    )


@pytest.fixture
async def store(each_s3_server: S3Server) -> AsyncIterator[ObjectStore]:
    async with store_on(each_s3_server, f"test-{uuid4().hex[:12]}") as store:
        await store.ensure_bucket()
        yield store


@pytest.fixture(params=[S3Server, MinioServer], ids=["seaweedfs", "minio"])
def mortal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[S3Server]:
    """A server that the test may kill."""
    if request.param is MinioServer and minio_program() is None:
        pytest.skip("no MinIO here: `make minio` builds it where Go is, or name one in MINIO_BIN")
    with request.param(tmp_path / "s3") as server:
        yield server


async def chunks_of(data: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def test_object_is_read_back_whole(store: ObjectStore) -> None:
    """Pieces are joined in order, whatever kind of buffer they are; nothing at all is an object too."""
    pieces: list[Body] = [b"abc", memoryview(b"xdefx")[1:4], bytearray(b"ghi"), b""]
    await store.put("a/1.m4s", pieces, "video/mp4")
    assert await store.get("a/1.m4s") == b"abcdefghi"
    assert await store.size("a/1.m4s") == 9
    await store.put("a/empty", b"")
    assert await store.get("a/empty") == b""
    assert await store.size("a/empty") == 0


async def test_object_written_again_is_the_same_object(store: ObjectStore) -> None:
    """A repeated PUT after a lost answer does no harm."""
    for _ in range(2):
        await store.put("a", b"same")
    assert await store.get("a") == b"same"
    assert len(await store.list("")) == 1


@pytest.mark.parametrize(
    ("start", "length", "expected"),
    [
        (0, None, b"0123456789"),
        (3, None, b"3456789"),
        (0, 4, b"0123"),
        (3, 4, b"3456"),
        (9, 1, b"9"),
        (8, 100, b"89"),
        (0, 0, b""),
        (5, 0, b""),
        (10, 1, b""),
        (99, None, b""),
    ],
)
async def test_range_gives_exactly_those_bytes(
    store: ObjectStore, start: int, length: int | None, expected: bytes
) -> None:
    """Past the end there is nothing, and that is no error."""
    await store.put("digits", b"0123456789")
    assert await store.get("digits", start=start, length=length) == expected


async def test_what_is_not_there_is_none(store: ObjectStore) -> None:
    """Looking is no error; streaming it is."""
    assert await store.get("nothing") is None
    assert await store.get("nothing", start=5, length=2) is None
    assert await store.get("nothing", length=0) is None
    assert await store.size("nothing") is None
    assert not await store.exists("nothing")
    with pytest.raises(ObjectsRefused):
        async for _ in store.stream("nothing"):
            pass


async def test_keys_with_unusual_letters_survive(store: ObjectStore) -> None:
    """Signing and addressing agree about every byte of a key."""
    for key in ("a b+c&d=e", "ü/ß.m4s", "t~i_l-d.e(1)", "100%", "q?x#y"):
        await store.put(key, key.encode())
        assert await store.get(key) == key.encode()
        assert [item.key for item in await store.list(key)] == [key]


async def test_list_is_in_order_and_bounded(store: ObjectStore) -> None:
    """By the keys' bytes, only below the prefix, across the server's pages, from a key on."""
    keys = [f"p/{n:04d}/x" for n in range(1100)]
    shuffled = random.Random(1).sample(keys, len(keys))
    for start in range(0, len(keys), 100):
        await asyncio.gather(*(store.put(key, b"1") for key in shuffled[start : start + 100]))
    await store.put("q/other", b"")
    listed = await store.list("p/")
    assert [item.key for item in listed] == keys
    assert {item.size for item in listed} == {1}
    assert [item.key for item in await store.list("p/", limit=3)] == keys[:3]
    assert [item.key for item in await store.list("p/", start_after=keys[1097])] == keys[1098:]
    assert await store.list("nowhere/") == []
    assert await store.delete_prefix("p/") == 1100
    assert [item.key for item in await store.list("")] == ["q/other"]


async def test_delete_takes_what_is_there_and_nothing_else(store: ObjectStore) -> None:
    """What is not there is no error; a prefix takes all below it, and an empty prefix is refused."""
    for key in ("a/1", "a/2", "ab"):
        await store.put(key, b"")
    await store.delete(["a/1", "never/was"])
    await store.delete([])
    assert [item.key for item in await store.list("")] == ["a/2", "ab"]
    assert await store.delete_prefix("a/") == 1
    assert await store.delete_prefix("a/") == 0
    assert [item.key for item in await store.list("")] == ["ab"]
    with pytest.raises(ValueError, match="everything"):
        await store.delete_prefix("")


@pytest.mark.parametrize("size", [0, 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1, 23 * MIB])
async def test_stream_of_unknown_size_becomes_one_object(store: ObjectStore, size: int) -> None:
    """Smaller than a part, exactly one, and several; read back in pieces it is the same."""
    data = os.urandom(size)
    assert await store.put_stream("big", chunks_of(data, 700_001), part_bytes=5 * MIB) == size
    assert await store.size("big") == size
    digest = hashlib.sha256()
    async for chunk in store.stream("big", chunk_bytes=4 * MIB):
        assert len(chunk) <= 4 * MIB
        digest.update(chunk)
    assert digest.digest() == hashlib.sha256(data).digest()


async def test_part_of_an_object_is_streamed(store: ObjectStore) -> None:
    """From a byte to a byte, in chunks that need not divide it."""
    data = os.urandom(100_000)
    await store.put("a", data)
    got = [chunk async for chunk in store.stream("a", start=10, length=50_000, chunk_bytes=20_000)]
    assert [len(chunk) for chunk in got] == [20_000, 20_000, 10_000]
    assert b"".join(got) == data[10:50_010]
    assert b"".join([chunk async for chunk in store.stream("a", start=99_990, length=50)]) == data[-10:]


async def test_stream_that_fails_leaves_no_object(store: ObjectStore) -> None:
    """When the source breaks after some parts are up, nothing appears and the source's error is told."""

    async def broken() -> AsyncIterator[bytes]:
        yield bytes(6 * MIB)
        raise RuntimeError("source broke")

    with pytest.raises(RuntimeError, match="source broke"):
        await store.put_stream("big", broken(), part_bytes=5 * MIB)
    assert not await store.exists("big")
    assert await store.list("") == []


async def test_objects_are_private(store: ObjectStore, each_s3_server: S3Server) -> None:
    """Nobody reads or lists without the keys."""
    await store.put("secret", b"x")
    bucket = store._client._bucket
    with urllib3.PoolManager(retries=False, timeout=5) as pool:
        for path in (f"/{bucket}/secret", f"/{bucket}"):
            assert pool.request("GET", each_s3_server.url + path).status == 403


async def test_wrong_keys_are_refused_not_unavailable(each_s3_server: S3Server) -> None:
    """A wrong secret is a setting to correct: waiting does not help."""
    async with ObjectStore(
        each_s3_server.url, access_key=each_s3_server.access_key, secret_key="wrong-secret", bucket="test-wrong"
    ) as store:
        with pytest.raises(ObjectsRefused):
            await store.ensure_bucket()
        with pytest.raises(ObjectsRefused):
            await store.put("a", b"")


async def test_bucket_that_is_missing_is_refused(each_s3_server: S3Server) -> None:
    """It is not taken for a missing object."""
    async with store_on(each_s3_server, f"test-{uuid4().hex[:12]}") as store:
        with pytest.raises(ObjectsRefused):
            await store.get("a")
        with pytest.raises(ObjectsRefused):
            await store.list("a")


async def test_bucket_is_made_once_by_many(each_s3_server: S3Server) -> None:
    """Programs that start together do not disturb each other."""
    bucket = f"test-{uuid4().hex[:12]}"
    async with store_on(each_s3_server, bucket) as store:
        await asyncio.gather(*(store.ensure_bucket() for _ in range(5)))
        await store.put("a", b"1")


async def test_server_that_is_not_there_is_unavailable() -> None:
    """Every call says so, within its deadline."""
    (port,) = free_ports(1)
    async with ObjectStore(f"http://127.0.0.1:{port}", access_key="a" * 8, secret_key="b" * 8, bucket="test") as store:
        calls = (store.ensure_bucket(), store.put("a", b""), store.get("a"), store.size("a"), store.list("a"))
        for call in (*calls, store.delete(["a"])):
            with pytest.raises(ObjectsUnavailable):
                await call


async def test_frozen_server_is_given_up_at_the_deadline(mortal: S3Server) -> None:
    """A server that accepts and never answers (SIGSTOP) holds nobody, and is used again when it goes on."""
    async with store_on(mortal, "test-frozen", timeout_s=1.0) as store:
        await store.ensure_bucket()
        mortal.pause()
        with pytest.raises(ObjectsUnavailable, match="within 1 s"):
            await store.put("a", b"1")
        mortal.resume()
        await put_until_it_works(store, "a", b"2")


async def test_server_killed_in_mid_put_and_restarted(mortal: S3Server) -> None:
    """No half object ever appears; the same PUT succeeds afterwards, and what was there before still is."""
    data = os.urandom(24 * MIB)
    async with store_on(mortal, "test-killed") as store:
        await store.ensure_bucket()
        await store.put("before", b"kept")
        putting = asyncio.ensure_future(  # noqa: TID251  awaited below
            store.put_stream("big", killing(mortal, data), part_bytes=5 * MIB)
        )
        with pytest.raises(ObjectsUnavailable):
            await asyncio.wait_for(putting, 30)
        await asyncio.to_thread(mortal.start)
        await put_until_it_works(store, "small", b"again")
        assert not await store.exists("big")
        await store.put_stream("big", chunks_of(data, MIB), part_bytes=5 * MIB)
        assert await store.get("big") == data
        assert await store.get("before") == b"kept"


async def killing(server: S3Server, data: bytes) -> AsyncIterator[bytes]:
    """The data, with the server killed when half of it has been given."""
    count = 0
    async for chunk in chunks_of(data, MIB):
        count += 1
        if count == len(data) // MIB // 2:
            server.kill()
        yield chunk


async def put_until_it_works(store: ObjectStore, key: str, data: bytes) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await store.put(key, data)
            except ObjectsUnavailable:
                await asyncio.sleep(0.1)
            else:
                return
