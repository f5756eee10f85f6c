"""What viewers see of an outage: NATS restarted, an origin killed, an origin drained."""

import asyncio
from pathlib import Path

import httpx
import pytest

from services.common.tasks import spawn
from services.packager.hls.attributes import FIRST_MSN
from tests.archiver.on_air import Broadcast, Stage
from tests.packager.origin.running import client, listener, origin, path_of, start_child
from tests.packager.program.encoder import Later, Message, encode, messages
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

MEDIA = Later(lambda: messages(encode(seconds=20), connection=5, closed=False))

PATIENT = Later(lambda: messages(encode(seconds=20, gop_s=17), connection=5, closed=False))
"""With a target duration of 10 s a reload is held for 30 s: longer than any server takes to start."""


class Viewer:
    """Asks for part after part, as players do; notes each status."""

    def __init__(self, asking: httpx.AsyncClient, broadcast: Broadcast) -> None:
        self._asking = asking
        self._path = path_of(broadcast, "video.m3u8")
        self.statuses: set[int] = set()
        self.resets = 0
        self.edges: list[tuple[int, int]] = []

    async def watch(self, msn: int, part: int, *, until: tuple[int, int]) -> None:
        """Go on from a part to another one."""
        while not self.edges or self.edges[-1] < until:
            try:
                answer = await self._asking.get(f"{self._path}?_HLS_msn={msn + FIRST_MSN}&_HLS_part={part}")
            except httpx.TransportError:
                self.resets += 1
                continue
            self.statuses.add(answer.status_code)
            hint = answer.text.partition('PRELOAD-HINT:TYPE=PART,URI="video/')[2].partition(".m4s")[0]
            msn, part = (int(number) for number in hint.split("."))
            self.edges.append((msn, part))


async def _edge_after(broadcast: Broadcast, sent: list[Message]) -> tuple[int, int]:
    await broadcast.send(sent)
    return broadcast.program.ledger.msn, broadcast.program.ledger.part


async def test_nats_restarted_is_no_error_to_viewers(here: Stage, own_nats: NatsServer) -> None:
    """nats-server is killed with -9 and comes back: no viewer gets anything but 200, and the playlist goes on."""
    async with origin(here) as site:
        broadcast = await here.begin()
        msn, part = await _edge_after(broadcast, PATIENT[:130])
        await site.get(path_of(broadcast, "index.m3u8"))
        viewer = Viewer(site.client, broadcast)
        watching = spawn(viewer.watch(msn, part, until=(2, 0)), name="viewer")
        await site.waiting(1)

        own_nats.kill()
        meanwhile = await site.get(path_of(broadcast, "video.m3u8"))
        await asyncio.to_thread(own_nats.start)
        await here.spine.bus.wait_connected()
        await broadcast.send(PATIENT[130:])
        await asyncio.wait_for(watching, 20)

    assert meanwhile.status_code == 200
    assert viewer.statuses == {200}
    assert viewer.resets == 0
    assert viewer.edges == sorted(viewer.edges)


async def test_killed_origin_costs_a_reset_and_no_more(here: Stage) -> None:
    """Of two origins on one socket one dies: its viewers' next requests are the other one's, and nothing goes back."""
    async with listener() as held, client(held.getsockname()[1]) as asking:
        origins = [await start_child(here, held, f"origin-{number}") for number in range(2)]
        broadcast = await here.begin()
        msn, part = await _edge_after(broadcast, MEDIA[:60])
        assert (await asking.get(path_of(broadcast, "index.m3u8"))).status_code == 200
        viewers = [Viewer(asking, broadcast) for _ in range(12)]
        watching = [spawn(each.watch(msn, part, until=(7, 0)), name="viewer") for each in viewers]

        await broadcast.send(MEDIA[60:100])
        origins[0].kill()
        await broadcast.send(MEDIA[100:])
        await asyncio.wait_for(asyncio.gather(*watching), 30)
        await _stop(origins[1:])
        await origins[0].wait()

    assert {status for each in viewers for status in each.statuses} == {200}
    assert all(each.edges == sorted(each.edges) for each in viewers)
    assert all(each.resets <= 2 for each in viewers)


async def test_drained_origin_answers_all_who_wait(here: Stage) -> None:
    """SIGTERM in a gap: blocked reloads get the playlist as it is, with 200, and the connection's end."""
    async with listener() as held, client(held.getsockname()[1]) as asking:
        (only,) = [await start_child(here, held, "origin-0")]
        broadcast = await here.begin()
        msn, part = await _edge_after(broadcast, MEDIA[:60])
        plain = await asking.get(path_of(broadcast, "video.m3u8"))
        path = path_of(broadcast, f"video.m3u8?_HLS_msn={msn + FIRST_MSN}&_HLS_part={part}")
        blocked = [spawn(asking.get(path), name="blocked") for _ in range(5)]
        await _all_asked(held.getsockname()[1], 5)

        only.terminate()
        answers = await asyncio.wait_for(asyncio.gather(*blocked), 20)
        assert await asyncio.wait_for(only.wait(), 20) == 0

    assert {each.status_code for each in answers} == {200}
    assert {each.text for each in answers} == {plain.text}
    assert {each.headers["connection"] for each in answers} == {"close"}


async def _all_asked(port: int, count: int) -> None:
    """Return when somebody serves that many connections, and a moment for what came over them to be read."""
    async with asyncio.timeout(10):
        while _connections(port) < count:  # noqa: ASYNC110  another process sets no event
            await asyncio.sleep(0.05)
    await asyncio.sleep(0.2)


def _connections(port: int) -> int:
    fields = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(1 for each in fields if each[3] == "01" and int(each[1].rpartition(":")[2], 16) == port)


async def _stop(origins: list[asyncio.subprocess.Process]) -> None:
    for each in origins:
        each.kill()
        await each.wait()
