"""An S3 server of `headwater run`, used as programs use it."""

import asyncio
import io
import os
import signal
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from minio import Minio
from minio.error import S3Error

from services.machine.home import Home
from services.machine.part import Part
from services.machine.part_s3 import s3
from services.machine.settings import MachineSettings
from services.machine.waiting import until_all
from tests.machine.programs import started, supervised


async def put_then_kill_then_get(folder: Path, settings: MachineSettings, *, with_minio: bool) -> None:
    """Put an object, kill the server with -9, and read the object from the one that takes its place."""
    home = Home(folder / "var")
    home.prepare()
    if not with_minio:
        (home.path / "s3" / "weed").mkdir(parents=True)  # recordings lie there already
    part = s3(home, settings)
    assert Path(part.command.argv[0]).name == ("minio" if with_minio else "weed")
    async with supervised(home) as supervisor:
        supervisor.keep(part.command)
        await _answers(part)
        await asyncio.to_thread(_put, part)
        first = await started(home, "s3")
        os.kill(first, signal.SIGKILL)
        await started(home, "s3", other_than=first)
        await _answers(part)
        assert await asyncio.to_thread(_get, part) == b"kept"


async def _answers(part: Part) -> None:
    assert await until_all({"s3": part.answers}, what="s3", say=print, gives_up=lambda: False, deadline_s=30)


def _put(part: Part) -> None:
    client, bucket = _client(part), part.settings["HEADWATER_S3_BUCKET"]
    if not client.bucket_exists(bucket):
        client.make_bucket(bucket)
    client.put_object(bucket, "a/b", io.BytesIO(b"kept"), 4)
    with pytest.raises(S3Error, match="InvalidAccessKeyId"):
        _client(part, key="stranger").get_object(bucket, "a/b")


def _get(part: Part) -> bytes:
    answer = _client(part).get_object(part.settings["HEADWATER_S3_BUCKET"], "a/b")
    try:
        return bytes(answer.read())
    finally:
        answer.close()
        answer.release_conn()


def _client(part: Part, key: str | None = None) -> Minio:
    settings = part.settings
    return Minio(
        urlsplit(settings["HEADWATER_S3_ENDPOINT"]).netloc,
        access_key=key or settings["HEADWATER_S3_ACCESS_KEY"],
        secret_key=settings["HEADWATER_S3_SECRET_KEY"],
        region=settings["HEADWATER_S3_REGION"],
        secure=False,
    )
