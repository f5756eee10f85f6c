import asyncio

from services.common.clock import ManualClock
from services.common.errors import AppError, Kind
from services.common.health import Health, Phase


async def _well() -> None:
    return None


async def test_program_is_ready_only_while_it_runs() -> None:
    """Starting and draining are not ready, whatever the checks say."""
    health = Health()
    health.add("bus", _well)
    seen = []
    for phase in Phase:
        health.enter(phase)
        seen.append((await health.report()).failing)

    assert seen == [{"program": "starting"}, {}, {"program": "draining"}]


async def test_every_check_that_fails_is_named_with_its_reason() -> None:
    """An AppError's sentence is shown; an unforeseen exception only by its class."""

    async def away() -> None:
        raise AppError(Kind.UNAVAILABLE, "nats does not answer")

    async def broken() -> None:
        raise ValueError("secret inside")

    health = Health()
    health.enter(Phase.RUNNING)
    for name, check in (("bus", away), ("objects", broken), ("redis", _well)):
        health.add(name, check)
    report = await health.report()

    assert not report.is_ready
    assert report.failing == {"bus": "nats does not answer", "objects": "ValueError"}


async def test_check_that_hangs_is_not_ready_in_time() -> None:
    """A part that does not answer cannot make readiness hang."""

    async def hang() -> None:
        await asyncio.Event().wait()

    health = Health(timeout_s=0.01)
    health.enter(Phase.RUNNING)
    health.add("bus", hang)
    report = await asyncio.wait_for(health.report(), 5)

    assert report.failing == {"bus": "no answer within 0.01 s"}


async def test_many_askers_share_one_report_for_a_while() -> None:
    """A storm of probes asks the parts once; later ones ask again."""
    asked = 0

    async def count() -> None:
        nonlocal asked
        asked += 1

    clock = ManualClock()
    health = Health(fresh_s=1.0, clock=clock)
    health.enter(Phase.RUNNING)
    health.add("bus", count)
    await asyncio.gather(*(health.report() for _ in range(50)))
    assert asked == 1

    clock.advance(1.0)
    await health.report()
    assert asked == 2


async def test_drain_is_seen_at_once() -> None:
    """A fresh report does not hide that the program drains."""
    health = Health(fresh_s=60)
    health.enter(Phase.RUNNING)
    assert (await health.report()).is_ready

    health.enter(Phase.DRAINING)

    assert not (await health.report()).is_ready
