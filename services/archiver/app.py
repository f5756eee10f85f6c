"""The archiver's wiring: what is opened, in which order, and what runs."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from headwater.internal.v1.services_pb2_grpc import add_ArchiveServiceServicer_to_server
from services.archiver.availability import Availability
from services.archiver.clips import Clips
from services.archiver.counts import Counts
from services.archiver.intake import Intake
from services.archiver.job_records import JobRecords
from services.archiver.jobs import Jobs
from services.archiver.media_purger import MediaPurger
from services.archiver.removal import Removal
from services.archiver.repository import Recordings
from services.archiver.servicer import ArchiveServicer
from services.archiver.settings import Settings
from services.archiver.store import Store
from services.archiver.surroundings import Logs, Surroundings
from services.archiver.usage import Usage
from services.common import subjects
from services.common.bus.facts import FactPublisher
from services.common.clock import SystemClock
from services.common.health import Health
from services.common.ids import new_id
from services.common.lifecycle import App, Job
from services.common.objects_opening import object_store
from services.common.opening import open_bus
from services.common.playback import PlaybackRecords
from services.common.resources import Resources
from services.common.rpc_server import RpcServer
from services.common.spine import Spine


class ArchiverApp(App):
    """An opened archiver."""

    def __init__(self, store: Store, intake: Intake, jobs: Jobs, usage: Usage, shards: Sequence[Logs]) -> None:
        self._store = store
        self._intake = intake
        self._jobs = jobs
        self._usage = usage
        self._media_purger = MediaPurger()
        self._shards = shards

    def jobs(self) -> Iterable[Job]:
        """The work of each shard, the files, and a look at how full the logs are."""
        yield Job("bucket", self._store.ensure_bucket)
        for logs in self._shards:
            yield Job(f"segments of shard {logs.shard}", partial(self._intake.work, logs))
            yield Job(f"media of shard {logs.shard}", partial(self._media_purger.follow, logs))
        yield Job("watch jobs", self._jobs.watch)
        yield Job("take jobs", self._jobs.take)
        yield Job("usage", self._usage.watch)

    async def drain(self) -> None:
        """Finish the segments in hand, and leave the files to others."""
        await asyncio.gather(self._intake.drain(), self._jobs.drain())


@asynccontextmanager
async def open_app(settings: Settings, health: Health) -> AsyncIterator[App]:
    """Open everything an archiver needs; close it in reverse."""
    clock = SystemClock()
    async with Resources(close_timeout_s=settings.close_timeout) as resources:
        bus = await open_bus(settings, resources, health)
        spine = Spine(bus, settings)
        facts = FactPublisher(await spine.facts())
        resources.defer("facts", facts.close)
        objects = await resources.open("objects", object_store(settings))
        store = Store(objects, Availability(facts, clock, program=settings.replica))
        around = Surroundings(
            recordings=Recordings(store),
            playback=PlaybackRecords(await spine.bucket(subjects.PLAYBACK)),
            facts=facts,
            counts=Counts(),
            clock=clock,
            purge_grace_s=settings.purge_grace,
        )
        shards = [Logs(n, await spine.media(n), await spine.cmaf(n)) for n in range(settings.shards)]
        intake = Intake(around, limit=settings.segments_at_once, replicas=settings.log_replicas)
        records = JobRecords(await spine.bucket(subjects.JOBS))
        leases = await spine.bucket(subjects.LEASES)
        # A lease's owner is this process and no other, not even the next one of its name.
        owner = f"{settings.replica}-{new_id()}"
        jobs = Jobs(around, records, leases, owner=owner, files=settings.conversions, clips=settings.clips)
        resources.defer("jobs", jobs.drain)
        removal = Removal(around, records, intake.purger, {logs.shard: logs for logs in shards})
        rpc = RpcServer(settings.internal_bind, settings.grpc_port, health)
        rpc.add(add_ArchiveServiceServicer_to_server, ArchiveServicer(around, records, removal, Clips(around, records)))
        await resources.open("grpc", rpc)
        yield ArchiverApp(store, intake, jobs, Usage(around, shards), shards)
