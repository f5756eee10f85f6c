"""Leases: one holder at a time, kept through outages, free soon after its holder's death."""

import asyncio

import pytest

from services.common.bus.bucket import Bucket, Record, open_bucket
from services.common.bus.connection import Bus, connect
from services.common.bus.lease import Claim, acquire, judge
from tests.common.bus.waiting import until
from tests.servers.nats import NatsServer

TTL_S, RENEW_S = 1.0, 0.2


@pytest.mark.parametrize(
    ("record", "claim"),
    [
        (None, Claim.CREATE),
        (Record("x", b"me", 7), Claim.ADOPT),
        (Record("x", b"you", 7), Claim.LOST),
    ],
)
def test_key_says_what_became_of_a_lease(record: Record | None, claim: Claim) -> None:
    """Nobody's is taken anew, our own is adopted, another's is lost."""
    assert judge(record, "me") is claim


@pytest.fixture
async def leases(bus: Bus, name: str) -> Bucket:
    return await open_bucket(bus, name, ttl_s=TTL_S)


@pytest.mark.connected
async def test_lease_has_one_holder_until_it_is_released(leases: Bucket) -> None:
    """Of many who try one gets it; let go, the next has it at once."""
    taken = await asyncio.gather(*(acquire(leases, "x", f"p{n}", renew_s=RENEW_S) for n in range(6)))
    (lease,) = [lease for lease in taken if lease]
    assert lease.is_held
    await lease.release()
    assert not lease.is_held
    after = await acquire(leases, "x", "next", renew_s=RENEW_S)
    assert after is not None
    await after.release()


@pytest.mark.connected
async def test_renewed_lease_outlives_its_age(leases: Bucket) -> None:
    """Three ages later it is still held, and nobody else can have it."""
    lease = await acquire(leases, "x", "me", renew_s=RENEW_S)
    assert lease is not None
    first = lease.revision
    await until(lambda: lease.revision > first + 3 * TTL_S / RENEW_S)
    assert lease.is_held
    assert await acquire(leases, "x", "you") is None
    await lease.release()


@pytest.mark.connected
async def test_dead_holders_lease_is_free_after_its_age(leases: Bucket, nats_server: NatsServer, name: str) -> None:
    """A process that is gone renews nothing."""
    dead = await connect(nats_server.url, name="dead")
    lease = await acquire(await open_bucket(dead, name, ttl_s=TTL_S), "x", "dead", renew_s=RENEW_S)
    assert lease is not None
    await dead.close()
    async with asyncio.timeout(10):
        while (mine := await acquire(leases, "x", "me", renew_s=RENEW_S)) is None:  # noqa: ASYNC110  the server has no event for it
            await asyncio.sleep(0.05)
    await mine.release()
    await lease.release()


@pytest.mark.connected
async def test_lease_taken_by_another_is_lost(leases: Bucket) -> None:
    """A holder that slept past its age learns that it has been replaced."""
    lease = await acquire(leases, "x", "me", renew_s=RENEW_S)
    assert lease is not None
    await leases.put("x", b"you")
    await asyncio.wait_for(lease.lost.wait(), 10)
    await lease.release()
    assert (await leases.get("x")) is not None


@pytest.mark.connected
async def test_renewal_whose_answer_was_lost_is_adopted(leases: Bucket) -> None:
    """The key has our name and a later revision: it is ours."""
    lease = await acquire(leases, "x", "me", renew_s=RENEW_S)
    assert lease is not None
    later = await leases.put("x", b"me")
    await until(lambda: lease.revision > later)
    assert lease.is_held
    await lease.release()


@pytest.mark.connected
async def test_restart_of_nats_loses_no_lease(own_bus: Bus, own_nats: NatsServer) -> None:
    """Longer away than the lease's age: nobody else was there to take it."""
    leases = await open_bucket(own_bus, "leases", ttl_s=TTL_S)
    lease = await acquire(leases, "x", "me", renew_s=RENEW_S)
    assert lease is not None
    own_nats.kill()
    await asyncio.sleep(1.5 * TTL_S)  # the age itself must pass while nobody can renew
    await asyncio.to_thread(own_nats.start)
    await asyncio.wait_for(own_bus.wait_connected(), 10)
    before = lease.revision
    await until(lambda: lease.revision > before)
    assert lease.is_held
    await lease.release()


@pytest.mark.connected
async def test_no_lease_while_nats_is_away(own_bus: Bus, own_nats: NatsServer) -> None:
    """Whoever cannot ask has not got it."""
    leases = await open_bucket(own_bus, "leases", ttl_s=TTL_S)
    own_nats.kill()
    await until(lambda: not own_bus.is_connected)
    assert await acquire(leases, "x", "me") is None
