"""Leases on a real server: who holds one is heard, and when it may be free."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.common import subjects
from services.common.bus.bucket import Bucket
from services.common.clock import ManualClock
from services.common.ids import new_id
from services.common.spine import LEASE_TTL_S
from services.common.tasks import cancel, spawn
from services.packager.free_leases import FreeLeases
from tests.packager.running import stage, until
from tests.servers.nats import NatsServer


@pytest.fixture
async def leases(nats_server: NatsServer) -> AsyncIterator[Bucket]:
    async with stage(nats_server) as live:
        yield await live.spine.bucket(subjects.LEASES)


async def test_lease_of_another_is_free_when_it_was_not_renewed_or_is_given_up(leases: Bucket) -> None:
    """Held by another: not free; not renewed for its time to live: free; deleted: free at once, and that is told."""
    clock, freed, name = ManualClock(), asyncio.Event(), new_id()
    free = FreeLeases(leases, owner="me", monotonic=clock.monotonic)
    watching = spawn(free.watch(freed.set), name="leases")

    async def is_held() -> bool:
        return not free.is_free(name)

    async def is_free() -> bool:
        return free.is_free(name)

    assert free.is_free(name)
    await leases.put(name, b"another")
    await until(is_held)
    clock.advance(LEASE_TTL_S + 0.1)
    assert free.is_free(name)
    await leases.put(name, b"another")
    await until(is_held)
    await leases.delete(name)
    async with asyncio.timeout(10):
        await freed.wait()
    assert free.is_free(name)
    await cancel(watching)


async def test_own_lease_is_free_to_its_owner(leases: Bucket) -> None:
    """What this process's predecessor held is taken at once."""
    free, mine, other = FreeLeases(leases, owner="me", monotonic=ManualClock().monotonic), new_id(), new_id()
    watching = spawn(free.watch(lambda: None), name="leases")
    await leases.put(mine, b"me")
    await leases.put(other, b"another")

    async def has_heard() -> bool:
        return not free.is_free(other)

    await until(has_heard)

    assert free.is_free(mine)
    await cancel(watching)
