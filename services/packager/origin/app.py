"""The origin's wiring: what is opened, in which order, and what runs."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from headwater.v1.statistics_pb2_grpc import StatisticsServiceStub
from services.common import metrics, subjects
from services.common.bus.facts import FactPublisher
from services.common.clock import SystemClock
from services.common.health import Health
from services.common.lifecycle import App, Job
from services.common.objects_opening import object_store
from services.common.opening import open_bus
from services.common.proxies import Proxies
from services.common.resources import Resources
from services.common.rpc_channel import open_channel
from services.common.secrets import derived_key
from services.common.sockets import listening_socket
from services.common.spine import Spine
from services.packager.http import Limits, Server
from services.packager.origin.audience import Audience
from services.packager.origin.beside_answers import BesideAnswers
from services.packager.origin.directory import Directory
from services.packager.origin.gate import Gate
from services.packager.origin.guard import Guard
from services.packager.origin.pages import Pages
from services.packager.origin.rules_watch import RulesWatch, read_countries
from services.packager.origin.settings import Settings
from services.packager.origin.shelf import Shelf
from services.packager.origin.site import Site
from services.packager.origin.store_answers import StoreAnswers
from services.packager.origin.text_tracks import TextTracks
from services.packager.origin.thumbnails import Thumbnails
from services.packager.origin.views import DEADLINE_S, Views

DRAIN_S = 3.0
RELEASE_AFTER_S = 1.0
"""While an origin drains, the next parts still come: most who wait for one get what they asked for."""

STORE_TIMEOUT_S = 10.0
"""A viewer does not wait longer for a segment."""


class OriginApp(App):
    """An opened origin."""

    def __init__(self, server: Server, directory: Directory, audience: Audience, rules: RulesWatch) -> None:
        self._server = server
        self._rules = rules
        self.directory = directory
        self._audience = audience

    def jobs(self) -> Iterable[Job]:
        """Deadlines of those who wait, and the report of who watched; the server runs by itself."""
        return (
            Job("sweep", self.directory.sweep),
            Job("audience", self._audience.report),
            Job("watch policies", self._rules.watch_policies),
            Job("watch signing keys", self._rules.watch_keys),
        )

    async def drain(self) -> None:
        """Accept nobody and finish what is at hand. Who waits longer gets the playlist as it is, which is no error to a
        player; each answer closes its connection, and another origin, or the next one, has the next request.
        """
        await asyncio.gather(self._server.drain(grace_s=DRAIN_S), self._release())

    async def _release(self) -> None:
        await asyncio.sleep(RELEASE_AFTER_S)
        self.directory.release()


@asynccontextmanager
async def open_app(settings: Settings, health: Health) -> AsyncIterator[App]:
    """Open everything an origin needs; close it in reverse."""
    clock = SystemClock()
    async with Resources(close_timeout_s=settings.close_timeout) as resources:
        bus = await open_bus(settings, resources, health)
        spine = Spine(bus, settings)
        facts = FactPublisher(await spine.facts())
        resources.defer("facts", facts.close)
        for shard in range(settings.shards):
            await spine.cmaf(shard)
        objects = await resources.open("objects", object_store(settings))
        shelf = Shelf(objects, cache_bytes=settings.cache_bytes)
        directory = Directory(
            await spine.bucket(subjects.PLAYBACK),
            spine,
            shelf,
            low_latency=settings.low_latency,
            idle_s=settings.idle_timeout,
        )
        proxies = Proxies(settings.trusted_proxies)
        audience = Audience(
            directory,
            facts,
            clock,
            origin=settings.replica,
            interval_s=settings.audience_interval,
            key=derived_key(settings, "audience"),
            proxies=proxies,
        )
        countries = read_countries(settings.country_table)
        gate = Gate(
            unknown_is_open=settings.unknown_policy == "allow",
            nameless_is_shown=settings.nameless_sites == "allow",
            countries=countries,
        )
        rules = RulesWatch(gate, await spine.bucket(subjects.POLICIES), await spine.bucket(subjects.SIGNING_KEYS))
        health.add("rules", rules.check)
        guard = Guard(gate, clock, proxies)
        stats = open_channel(settings.stats_address, deadline_s=DEADLINE_S)
        resources.defer("channel to stats", stats.close)
        beside = BesideAnswers(guard, Views(StatisticsServiceStub(stats)), Thumbnails(shelf), TextTracks(shelf))
        listener = listening_socket("origin", settings.bind, settings.origin_port, setting="HEADWATER_ORIGIN_PORT")
        server = Server(
            Site(directory, StoreAnswers(shelf, objects), Pages(), guard, beside),
            limits=Limits(connections=settings.max_viewers),
            on_finished=audience.note,
        )
        await server.start(listener)

        async def close_server() -> None:
            server.close()

        resources.defer("http", close_server)
        resources.defer("followers", directory.close)
        _observe(server, directory)

        yield OriginApp(server, directory, audience, rules)


def _observe(server: Server, directory: Directory) -> None:
    """Show the server's own counts at each scrape."""
    counts = server.counts
    metrics.observe("headwater_origin_connections", lambda: counts.open_connections)
    metrics.observe("headwater_origin_waiting", lambda: counts.waiting)
    metrics.observe("headwater_origin_broadcasts", lambda: len(directory.followers))
    for hundreds in range(1, 6):
        metrics.observe(
            "headwater_origin_requests_total",
            lambda n=hundreds: counts.classes[n],  # type: ignore[misc]
            kind="http",
            code=f"{hundreds}xx",
        )
    metrics.observe("headwater_origin_sent_bytes_total", lambda: counts.bytes, kind="http")
