"""The program as it is deployed: foreign encoders, signals, two replicas, metrics and log lines."""

import asyncio
import hashlib
import json
import shutil
import signal
import subprocess
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.common import subjects
from services.common.media.unit import Track, Unit
from services.common.tasks import spawn
from services.packager.program.ordering import Batch
from tests.ingest.running import Child, Platform, child, platform, until
from tests.ingest.socket_encoder import SocketEncoder, encoder
from tests.ingest.test_rtmp_server import frames
from tests.servers.nats import NatsServer

DEADLINE_S = 30
needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")
pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of picture and sound with B-frames, encoded once."""
    path = tmp_path_factory.mktemp("source") / "source.mp4"
    make = (
        "ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine=r=48000 -t 4 "
        "-c:v libx264 -preset veryfast -g 60 -bf 2 -c:a aac -threads 1"
    )
    subprocess.run([*make.split(), str(path)], check=True, timeout=DEADLINE_S)
    return path


async def push(source: Path, port: int, key: str, *options: str) -> Process:
    """ffmpeg as people type it, with the file's own frames."""
    words = ["ffmpeg", "-v", "error", "-nostdin", *options, "-i", str(source), "-c", "copy", "-f", "flv"]
    url = f"rtmp://127.0.0.1:{port}/live/{key}"
    return await asyncio.create_subprocess_exec(*words, url, stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)


async def said(process: Process) -> str:
    async with asyncio.timeout(DEADLINE_S):
        _, words = await process.communicate()
    return words.decode()


def digests(source: Path, stream: str) -> list[str]:
    """MD5 of each coded frame of a file, in decoding order."""
    words = ["ffmpeg", "-v", "error", "-i", str(source), "-map", f"0:{stream}", "-c", "copy", "-f", "framemd5", "-"]
    text = subprocess.run(words, check=True, capture_output=True, text=True, timeout=DEADLINE_S).stdout
    return [row.split(",")[5].strip() for row in text.splitlines() if not row.startswith("#")]


def digests_in(batches: list[Batch], track: Track) -> list[str]:
    units = [item.content for batch in batches for item in batch.items if isinstance(item.content, Unit)]
    return [hashlib.md5(u.payload, usedforsecurity=False).hexdigest() for u in units if u.track is track]


def lines(process: Child, event: str) -> list[dict[str, Any]]:
    """The log lines of one event."""
    found = [json.loads(line) for line in process.lines().splitlines()]
    return [line for line in found if line["event"] == event]


@needs_ffmpeg
async def test_every_frame_of_ffmpeg_is_in_the_log_bit_for_bit(
    nats_server: NatsServer, tmp_path: Path, source: Path
) -> None:
    """Pushed as fast as it goes, picture and sound."""
    async with platform(nats_server) as api, child(nats_server, tmp_path) as process:
        livestream = await api.create()
        assert await said(await push(source, process.port, livestream.key)) == ""
        batches = await api.closed(await api.subject(livestream))
        assert digests_in(batches, Track.VIDEO) == digests(source, "v")
        assert digests_in(batches, Track.AUDIO) == digests(source, "a")
        (come,) = lines(process, "encoder connected")
        (gone,) = lines(process, "encoder disconnected")
        assert come["livestream"] == gone["livestream"] == livestream.id
        assert come["encoder"].startswith("FMLE/3.0 (compatible; Lavf")
        assert (gone["reason"], gone["clean"], gone["instance"]) == ("the encoder stopped publishing", True, "primary")
        assert gone["bytes"] > 50_000
        assert gone["seconds"] >= 0
        assert livestream.key not in process.lines()


@needs_ffmpeg
async def test_ffmpeg_with_a_wrong_key_prints_why(nats_server: NatsServer, tmp_path: Path, source: Path) -> None:
    """The words of the refusal reach the terminal of who typed it."""
    async with child(nats_server, tmp_path) as process:
        words = await said(await push(source, process.port, "wrong"))
        assert "the stream key is unknown" in words
        assert [line["reason"] for line in lines(process, "encoder refused")] == ["the stream key is unknown"]


@needs_ffmpeg
async def test_ffmpeg_is_told_when_another_takes_over(nats_server: NatsServer, tmp_path: Path, source: Path) -> None:
    """The second goes on; the first one ends."""
    async with platform(nats_server) as api, child(nats_server, tmp_path) as process:
        livestream = await api.create()
        first = await push(source, process.port, livestream.key, "-re", "-stream_loop", "-1")
        await api.fact(livestream, "encoder_connected")
        second = await push(source, process.port, livestream.key, "-re")
        assert await said(first) != ""
        assert await said(second) == ""
        batches = await api.closed(await api.subject(livestream), 2)
        newest = max(batch.connection for batch in batches)
        assert digests_in([b for b in batches if b.connection == newest], Track.VIDEO) == digests(source, "v")
        (fact,) = [f for f in await api.facts(livestream) if f.encoder_disconnected.reason == _TAKEN_OVER]
        assert fact.encoder_disconnected.connection < newest


_TAKEN_OVER = "another encoder has taken over"


async def test_sigterm_writes_what_came_and_the_end(nats_server: NatsServer, tmp_path: Path) -> None:
    """And the process ends by itself."""
    async with platform(nats_server) as api, child(nats_server, tmp_path) as process:
        livestream = await api.create()
        async with encoder(process.port, livestream.key) as sender:
            await sender.published()
            await sender.send_frames(60)
            await until_received(process, 60)
            process.process.send_signal(signal.SIGTERM)
            assert (await sender.refused())["description"] == "the server is going away"
            async with asyncio.timeout(DEADLINE_S):
                assert await process.process.wait() == 0
        batches = await api.read(await api.subject(livestream))
        assert frames(batches) == list(range(60))
        assert batches[-1].closed == "the server is going away"
        gone = await api.fact(livestream, "encoder_disconnected")
        assert gone.encoder_disconnected.reason == "the server is going away"


async def test_encoder_that_is_let_in_begins_one_trace(
    own_nats: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where traces are kept, its place on air, its fact and the first of its media say the same trace."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")  # nobody is there, and nobody minds
    async with platform(own_nats) as api, child(own_nats, tmp_path, TRACE_RATIO="1") as process:
        livestream = await api.create()
        async with encoder(process.port, livestream.key) as sender:
            await sender.published()
            await sender.send_frames(60)
            await until_received(process, 60)
        await api.fact(livestream, "encoder_connected")
        await api.closed(await api.subject(livestream))
        on_air = await (await api.spine.bucket(subjects.ONAIR)).get(livestream.id)
        media = await (await api.spine.media(0)).get_many([1, 2])
        fact = await (await api.spine.facts()).first(subjects.fact("encoder_connected", livestream.id))

    assert on_air is not None
    assert fact is not None
    headers = [on_air.headers, fact.headers, *(each.headers for each in media)]
    traces = [each.get("traceparent", "--").split("-")[1] for each in headers]
    assert len(traces[0]) == 32
    assert traces == [traces[0], traces[0], traces[0], ""]


async def test_replica_that_was_paused_closes_when_it_wakes(nats_server: NatsServer, tmp_path: Path) -> None:
    """Two encoders with one key on two ingests: one clean switch, nothing of the first after the second's beginning."""
    async with (
        platform(nats_server) as api,
        child(nats_server, tmp_path) as one,
        child(nats_server, tmp_path) as two,
    ):
        livestream = await api.create()
        async with encoder(one.port, livestream.key) as first:
            await first.published()
            await first.send_frames(60)
            subject = await api.subject(livestream)
            await until_logged(api, subject, 59)
            one.process.send_signal(signal.SIGSTOP)
            sending = spawn(keep_sending(first, 300), name="paused")
            async with encoder(two.port, livestream.key) as second:
                await second.published()
                await second.send_frames(60)
                one.process.send_signal(signal.SIGCONT)
                assert (await first.refused())["description"] == _TAKEN_OVER
                await sending
                await second.send_frames(60)
                await second.unpublish()
                await api.fact(livestream, "encoder_disconnected", 2)
            batches = await api.read(subject)
        older, newer = sorted({batch.connection for batch in batches})
        order = [batch.connection for batch in batches]
        assert order == sorted(order)
        shown = frames([batch for batch in batches if batch.connection == older])
        assert shown == list(range(len(shown)))
        assert len(shown) >= 59
        assert frames([batch for batch in batches if batch.connection == newer]) == list(range(120))


async def keep_sending(sender: SocketEncoder, count: int) -> None:
    for _ in range(count):
        if sender.is_closed.is_set():
            return
        await sender.send_frames(1)
        await asyncio.sleep(0.01)


async def until_received(process: Child, units: int) -> None:
    """Return when the program has taken so many units."""
    async with asyncio.timeout(DEADLINE_S):
        while (await scrape(process)).get('headwater_ingest_units_total{protocol="rtmp"}', 0) < units:  # noqa: ASYNC110  a scrape
            await asyncio.sleep(0.05)


async def until_buffered(process: Child) -> None:
    """Return when media waits for the log: a message is written some tenths of a second after its first unit."""
    async with asyncio.timeout(DEADLINE_S):
        while (await scrape(process)).get("headwater_ingest_buffered_bytes", 0) <= 0:  # noqa: ASYNC110  a scrape
            await asyncio.sleep(0.05)


async def until_logged(api: Platform, subject: str, pictures: int) -> None:
    """Return when so many are in the log; what was only received is lost with whoever has it."""
    async with asyncio.timeout(DEADLINE_S):
        while len(frames(await api.read(subject))) < pictures:  # noqa: ASYNC110  a log sends no event here
            await asyncio.sleep(0.05)


async def scrape(process: Child) -> dict[str, float]:
    """The program's metrics by name and labels."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"http://127.0.0.1:{process.metrics_port}/metrics")).text
    rows = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in rows}


async def test_metrics_say_who_is_connected_and_what_came(own_nats: NatsServer, tmp_path: Path) -> None:
    """As the table of metrics promises, through an outage of NATS as well."""
    async with platform(own_nats) as api, child(own_nats, tmp_path) as process:
        livestream = await api.create()
        async with encoder(process.port, livestream.key) as sender, encoder(process.port, "wrong") as stranger:
            await stranger.refused()
            await sender.published()
            await sender.send_frames(30)
            await until_received(process, 30)
            now = await scrape(process)
            assert now['headwater_ingest_connections{protocol="rtmp",instance="primary"}'] == 1
            assert now['headwater_ingest_connections{protocol="rtmp",instance="secondary"}'] == 0
            assert now['headwater_ingest_accepted_total{protocol="rtmp"}'] == 1
            assert now['headwater_ingest_refused_total{protocol="rtmp",reason="unknown-key"}'] == 1
            assert now['headwater_ingest_received_bytes_total{protocol="rtmp"}'] > 3000
            assert now["headwater_bus_connected"] == 1
            own_nats.kill()
            await sender.send_frames(30)
            await until_received(process, 60)
            await until_buffered(process)
            away = await scrape(process)
            assert away["headwater_bus_connected"] == 0
            await asyncio.to_thread(own_nats.start)
            await sender.unpublish()
            await api.bus.wait_connected()
            await api.closed(await api.subject(livestream))
        back = await scrape(process)
        assert back['headwater_ingest_closed_total{protocol="rtmp",reason="peer"}'] == 1
        assert back["headwater_bus_reconnects_total"] == 1
        assert back["headwater_ingest_buffered_bytes"] == 0


async def test_strangers_cannot_fill_the_log(nats_server: NatsServer, tmp_path: Path) -> None:
    """A hundred wrong keys are some lines; the metric has them all."""
    async with child(nats_server, tmp_path) as process:
        for _ in range(100):
            async with encoder(process.port, "wrong") as stranger:
                await stranger.refused()
        await until(lambda: len(lines(process, "encoder refused")) >= 20)
        assert len(lines(process, "encoder refused")) <= 40
        now = await scrape(process)
        assert now['headwater_ingest_refused_total{protocol="rtmp",reason="unknown-key"}'] == 100
