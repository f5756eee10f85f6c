"""The packager's wiring: what is opened, in which order, and what runs."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial

from headwater.internal.v1.services_pb2_grpc import add_ProgramServiceServicer_to_server
from services.common import metrics, subjects
from services.common.bus.bucket import Bucket
from services.common.bus.facts import FactPublisher
from services.common.clock import SystemClock
from services.common.health import Health
from services.common.lifecycle import App, Job
from services.common.opening import open_bus
from services.common.playback import PlaybackRecords
from services.common.resources import Resources
from services.common.rpc_server import RpcServer
from services.common.spine import Spine
from services.packager.broadcast import Surroundings
from services.packager.broadcasts import Broadcasts
from services.packager.counts import Counts
from services.packager.program.election import Limits
from services.packager.program.input_rules import GopLimits
from services.packager.program.pace import PaceSettings
from services.packager.program.settings import ProgramSettings
from services.packager.program.takeover import INSTANCES
from services.packager.servicer import ProgramServicer
from services.packager.settings import Settings


class PackagerApp(App):
    """An opened packager."""

    def __init__(self, broadcasts: Broadcasts, playback: Bucket) -> None:
        self._broadcasts = broadcasts
        self._playback = playback

    def jobs(self) -> Iterable[Job]:
        """Three watches that find work, and the loop that takes it."""
        return (
            Job("watch onair", self._broadcasts.watch_on_air),
            Job("watch playback", lambda: self._broadcasts.watch_playback(self._playback)),
            Job("watch leases", self._broadcasts.watch_leases),
            Job("take broadcasts", self._broadcasts.take),
        )

    async def drain(self) -> None:
        """Hand every broadcast to the other packagers."""
        await self._broadcasts.drain()


def program_settings(settings: Settings) -> ProgramSettings:
    """The part of the settings that the program core needs."""
    return ProgramSettings(
        pace=PaceSettings(segment_s=settings.segment_duration, part_s=settings.part_duration),
        limits=Limits(silence_us=round(settings.silence * 1e6), fail_back_us=round(settings.fail_back_after * 1e6)),
        gop=GopLimits(settings.gop_min, settings.gop_max),
        longest_recording_s=settings.recording_limit,
        window_s=settings.live_window,
    )


@asynccontextmanager
async def open_app(settings: Settings, health: Health) -> AsyncIterator[App]:
    """Open everything a packager needs; close it in reverse."""
    clock = SystemClock()
    async with Resources(close_timeout_s=settings.close_timeout) as resources:
        bus = await open_bus(settings, resources, health)
        spine = Spine(bus, settings)
        facts = FactPublisher(await spine.facts())
        resources.defer("facts", facts.close)
        for shard in range(settings.shards):
            await asyncio.gather(spine.media(shard), spine.cmaf(shard))
        playback = await spine.bucket(subjects.PLAYBACK)
        around = Surroundings(
            onair=await spine.bucket(subjects.ONAIR),
            playback=PlaybackRecords(playback),
            facts=facts,
            counts=Counts(),
            clock=clock,
            settings=program_settings(settings),
        )
        leases = await spine.bucket(subjects.LEASES)
        broadcasts = Broadcasts(spine, leases, around, owner=settings.replica, limit=settings.max_broadcasts)
        resources.defer("broadcasts", broadcasts.drain)
        metrics.observe("headwater_packager_broadcasts", lambda: len(broadcasts.carried))
        for instance in INSTANCES:
            metrics.observe("headwater_packager_on_air", partial(broadcasts.count_on_air, instance), instance=instance)
        rpc = RpcServer(settings.internal_bind, settings.grpc_port, health)
        rpc.add(add_ProgramServiceServicer_to_server, ProgramServicer(broadcasts, clock))
        await resources.open("grpc", rpc)

        yield PackagerApp(broadcasts, playback)
