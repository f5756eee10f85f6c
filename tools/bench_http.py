"""Measure the origin's HTTP server on one core: requests, bytes, and waiters released at once.

    PYTHONPATH=. .venv/bin/python tools/bench_http.py [seconds per case]

Needs `wrk` and two cores: the server is pinned to the last one, the load to the first. Run it at a quiet moment. CPU
is the server process's own accounting, user and system together.
"""

import asyncio
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import uvloop

from services.packager.http import Pending, Request, Response, Server, compress

PLAYLIST_BODY = b"".join(b"#EXT-X-PART:DURATION=0.33333,URI=%d\n" % number for number in range(80))[:3000]
PLAYLIST = Response(
    200,
    {"content-type": "application/vnd.apple.mpegurl", "cache-control": "max-age=1"},
    PLAYLIST_BODY,
    gzipped=compress(PLAYLIST_BODY),
    etag='"1"',
)
SEGMENT = Response(200, {"content-type": "video/mp4"}, [os.urandom(83_334)] * 6)
PART = Response(200, {"content-type": "video/mp4"}, os.urandom(160_000))
WAITERS = 2000
ROUNDS = 5

BROWSER = """
wrk.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/128.0.0.0 Safari/537.36"
wrk.headers["Accept"] = "*/*"
wrk.headers["Accept-Language"] = "en-US,en;q=0.9"
wrk.headers["Origin"] = "http://localhost:8080"
wrk.headers["Referer"] = "http://localhost:8080/"
wrk.headers["Sec-Fetch-Mode"] = "cors"
local n = 0
"""
NEXT_TARGET = (
    'function request() n = n + 1 return wrk.format("GET", wrk.path .. "?_HLS_msn=" .. n .. "&_HLS_part=3") end'
)
NEW_HEADERS = 'function request() n = n + 1 wrk.headers["Traceparent"] = n return wrk.format("GET", wrk.path) end'
GZIP = 'wrk.headers["Accept-Encoding"] = "gzip, deflate, br"\n'


class Case(NamedTuple):
    """One run of wrk."""

    name: str
    path: str
    connections: int
    script: str


CASES = (
    Case("playlist 3 KB, each URL new", "/video.m3u8", 32, BROWSER + NEXT_TARGET),
    Case("playlist 3 KB, gzip, each URL new", "/video.m3u8", 32, BROWSER + GZIP + NEXT_TARGET),
    Case("playlist 3 KB, each header section new", "/video.m3u8", 32, BROWSER + NEW_HEADERS),
    Case("playlist 3 KB, 1000 connections", "/video.m3u8", 1000, BROWSER + NEXT_TARGET),
    Case("part 160 KB in one piece", "/part", 8, BROWSER + NEXT_TARGET),
    Case("segment 500 KB in six pieces", "/segment", 8, BROWSER + NEXT_TARGET),
)


class Site:
    """What is measured."""

    def __init__(self) -> None:
        self.blocked: set[Pending] = set()

    def handle(self, request: Request) -> Response | Pending:
        if request.raw_path == b"/blocked":
            pending = Pending(self.blocked.discard)
            self.blocked.add(pending)
            if len(self.blocked) == WAITERS:
                asyncio.get_running_loop().call_later(0.05, self.release)
            return pending
        return {b"/part": PART, b"/segment": SEGMENT}.get(request.raw_path, PLAYLIST)

    def release(self) -> None:
        waiting, self.blocked = self.blocked, set()
        for pending in waiting:
            pending.resolve(PLAYLIST)


async def serve(listening: socket.socket) -> None:
    await Server(Site()).start(listening)
    await asyncio.Event().wait()


def start_server(listening: socket.socket) -> int:
    """A child with the server, pinned to the last core; returns its process id."""
    child = os.fork()
    if child:
        return child
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    uvloop.run(serve(listening))
    os._exit(0)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_wrk(case: Case, port: int, seconds: float, pid: int) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(case.script)
        script.flush()
        command = ["wrk", "-t1", f"-c{case.connections}", f"-d{seconds:.0f}", "-s", script.name]
        before = cpu_s(pid)
        done = subprocess.run(
            [*command, "--latency", f"http://127.0.0.1:{port}{case.path}"], check=True, capture_output=True, text=True
        )
        cpu = cpu_s(pid) - before
    total, wall, amount = re.findall(r"(\d+) requests in ([\d.]+)s, ([\d.]+[KMGT]?B) read", done.stdout)[0]
    late = re.findall(r"^ +99% +(\S+)$", done.stdout, re.MULTILINE)[0]
    errors = " ".join(re.findall(r"Non-2xx.*|Socket errors.*", done.stdout))
    rate = int(total) / float(wall)
    print(
        f"{case.name:42} {rate:9,.0f} /s  {amount:>9} in {wall} s  p99 {late:>8}  "
        f"{cpu / int(total) * 1e6:6.1f} us CPU each  {cpu / float(wall):4.0%} of a core  {errors}"
    )


async def release_waiters(port: int, pid: int) -> None:
    """Connections that all wait for one event; from its first answer to its last."""
    pairs = [await asyncio.open_connection("127.0.0.1", port) for _ in range(WAITERS)]
    lates, before = [], cpu_s(pid)
    for _ in range(ROUNDS):
        arrivals: list[float] = []
        for _, writer in pairs:
            writer.write(b"GET /blocked?_HLS_msn=1 HTTP/1.1\r\nHost: h\r\n\r\n")
        await asyncio.gather(*(take(reader, arrivals) for reader, _ in pairs))
        lates.append(max(arrivals) - min(arrivals))
    cpu = (cpu_s(pid) - before) / ROUNDS / WAITERS
    for _, writer in pairs:
        writer.close()
    spread = sorted(lates)[ROUNDS // 2] * 1000
    print(f"{WAITERS} waiters: last answer {spread:.0f} ms after the first, {cpu * 1e6:.1f} us CPU each")


async def take(reader: asyncio.StreamReader, arrivals: list[float]) -> None:
    await reader.readuntil(b"\r\n\r\n")
    arrivals.append(time.perf_counter())
    await reader.readexactly(len(PLAYLIST_BODY))


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)
    port = listening.getsockname()[1]
    pid = start_server(listening)
    try:
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        for case in CASES:
            run_wrk(case, port, seconds, pid)
        uvloop.run(release_waiters(port, pid))
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main()
