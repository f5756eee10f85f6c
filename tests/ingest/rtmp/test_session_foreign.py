"""Sessions against encoders that are not ours: ffmpeg's and, through PyAV, a later libavformat's."""

import asyncio
import hashlib
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest

from services.common.media.unit import CLOCK_RATE, Track, Unit
from services.ingest.rtmp.answers import StatusCode
from services.ingest.rtmp.events import Closed, ConfigReceived, PublishRequested, Unpublished
from services.ingest.rtmp.session import Session
from tests.ingest.rtmp.pair import accept
from tests.ingest.rtmp.shell import Connection, serving

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg is not installed")

Frame = tuple[Fraction, Fraction, str]
"""Decode time and presentation time in seconds, MD5 of the payload."""
DEADLINE_S = 30


@pytest.fixture(scope="module", params=[0, 3], ids=["plain", "b-frames"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of picture and sound, encoded once."""
    path = tmp_path_factory.mktemp("source") / "source.mp4"
    make = (
        "ffmpeg -v error -f lavfi -i testsrc2=size=320x180:rate=30 -f lavfi -i sine=r=48000 -t 4 "
        f"-c:v libx264 -preset veryfast -g 30 -bf {request.param} -c:a aac -threads 1"
    )
    subprocess.run([*make.split(), str(path)], check=True, timeout=DEADLINE_S)
    return path


def frames_of(path: Path, stream: str) -> list[Frame]:
    """What ffmpeg itself says the coded frames of a file are, in decoding order."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-map", f"0:{stream}", "-c", "copy", "-f", "framemd5", "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE_S).stdout
    base = Fraction(text.partition("#tb 0: ")[2].split()[0])
    rows = [[cell.strip() for cell in row.split(",")] for row in text.splitlines() if not row.startswith("#")]
    return [(int(row[1]) * base, int(row[2]) * base, row[5]) for row in rows]


def frames_in(units: list[Unit], track: Track) -> list[Frame]:
    return [
        (
            Fraction(unit.dts, CLOCK_RATE),
            Fraction(unit.dts + unit.cts, CLOCK_RATE),
            hashlib.md5(unit.payload, usedforsecurity=False).hexdigest(),
        )
        for unit in units
        if unit.track is track
    ]


def units_of(connection: Connection) -> list[Unit]:
    return [event for event in connection.events if isinstance(event, Unit)]


def assert_every_frame_is_there(connection: Connection, source: Path) -> None:
    """Each frame bit for bit, and its times moved by one constant, the same for both tracks, within 1 ms."""
    moves = []
    for track, stream in ((Track.VIDEO, "v"), (Track.AUDIO, "a")):
        sent, got = frames_of(source, stream), frames_in(units_of(connection), track)
        assert [digest for *_, digest in got] == [digest for *_, digest in sent]
        moves += [a[0] - b[0] for a, b in zip(got, sent, strict=True)]
        moves += [a[1] - b[1] for a, b in zip(got, sent, strict=True)]
    assert max(moves) - min(moves) <= Fraction(1, 1000)


async def run(*command: str) -> tuple[int, str]:
    """Run an encoder; its exit code and what it complained about."""
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        _, complaints = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, complaints.decode()


async def push(*arguments: str) -> tuple[int, str]:
    return await run("ffmpeg", "-v", "error", *arguments)


async def ended(connection: Connection) -> Closed:
    closed = await asyncio.wait_for(connection.closed, DEADLINE_S)
    assert isinstance(closed, Closed)
    return closed


async def test_ffmpeg_push_arrives_frame_for_frame(source: Path) -> None:
    """A file copied by ffmpeg is received whole, its keyframes found, and its end is clean."""
    async with serving(accept) as (port, connections):
        code, complaints = await push("-i", str(source), "-c", "copy", "-f", "flv", f"rtmp://127.0.0.1:{port}/live/key")
        assert (code, complaints) == (0, "")
        connection = connections[0]
        closed = await ended(connection)
    assert closed.clean
    assert any(isinstance(event, Unpublished) for event in connection.events)
    assert_every_frame_is_there(connection, source)
    keys = [unit.is_key for unit in units_of(connection) if unit.track is Track.VIDEO]
    assert [n for n, is_key in enumerate(keys) if is_key] == [0, 30, 60, 90]


@pytest.mark.parametrize("offset_s", [16_777, 2_147_483, 4_294_966])
async def test_ffmpeg_push_across_a_wrap_arrives_in_time(source: Path, offset_s: int) -> None:
    """Stamps that cross 24, 31 and 32 bits on the way are put one behind the other all the same."""
    async with serving(accept) as (port, connections):
        url = f"rtmp://127.0.0.1:{port}/live/key"
        offset = ("-output_ts_offset", str(offset_s - 2))
        code, _ = await push("-i", str(source), "-c", "copy", *offset, "-f", "flv", url)
        assert code == 0
        await ended(connections[0])
    assert_every_frame_is_there(connections[0], source)
    assert connections[0].session.media.jumps == 0


async def test_ffmpeg_with_a_wrong_key_hears_why(source: Path) -> None:
    """ffmpeg ends with the words of the refusal."""

    def refuse(session: Session, _request: PublishRequested) -> None:
        session.reject(StatusCode.UNAUTHORIZED, "This stream key is not known.")

    async with serving(refuse) as (port, connections):
        code, complaints = await push("-i", str(source), "-c", "copy", "-f", "flv", f"rtmp://127.0.0.1:{port}/live/x")
        closed = await ended(connections[0])
    assert code != 0
    assert "This stream key is not known." in complaints
    assert closed.reason == "refused: NetStream.Publish.Unauthorized"


PUSH_WITH_PYAV = """
import sys, av
with av.open(sys.argv[1]) as given, av.open(sys.argv[2], "w", format="flv") as sink:
    streams = {s.index: sink.add_stream_from_template(s, opaque=True) for s in given.streams}
    for packet in given.demux():
        if packet.dts is not None:
            packet.stream = streams[packet.stream.index]
            sink.mux(packet)
"""
"""A process of its own, since PyAV waits for the server with the interpreter locked."""


async def test_pyav_push_arrives_frame_for_frame(source: Path) -> None:
    """The later libavformat that PyAV brings sends the same file and it is received whole."""
    async with serving(accept) as (port, connections):
        url = f"rtmp://127.0.0.1:{port}/live/key"
        code, complaints = await run(sys.executable, "-c", PUSH_WITH_PYAV, str(source), url)
        assert (code, complaints) == (0, "")
        await ended(connections[0])
    assert sum(isinstance(event, ConfigReceived) for event in connections[0].events) == 2
    assert_every_frame_is_there(connections[0], source)
