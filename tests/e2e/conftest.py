"""Machines and films for the proofs.

`gentle` is shared by all tests that hurt nothing, and `beaten` by those that kill or freeze what comes back by itself.
Who counts all that a machine holds asks for `own`.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.clients.browser import SCRIPTS, Viewers, chromium, viewers
from tests.clients.footage import Film, shoot
from tests.e2e.harness.machine import Machine, machine
from tests.e2e.harness.standing import Standing


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Players are judged by how long they stood still, so while they play nobody else may take the cores."""
    for item in items:
        if item.get_closest_marker("e2e") and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.alone)


@pytest.fixture(scope="session")
def gentle_machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with machine(tmp_path_factory.mktemp("gentle")) as running:
        yield running


@pytest.fixture
async def gentle(gentle_machine: Machine) -> Machine:
    await gentle_machine.ready()
    return gentle_machine


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    made = Standing(lambda: tmp_path_factory.mktemp("beaten"))
    yield made
    made.stop()


@pytest.fixture
async def beaten(standing: Standing, request: pytest.FixtureRequest) -> AsyncIterator[Machine]:
    failed = request.session.testsfailed
    yield await standing.whole()
    await standing.settle(is_good=request.session.testsfailed == failed)


@pytest.fixture
async def own(tmp_path: Path) -> AsyncIterator[Machine]:
    with machine(tmp_path) as running:
        await running.ready()
        yield running


@pytest.fixture(scope="session")
def films(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Film], Path]:
    """Makes a film's file, once in a session."""
    folder = tmp_path_factory.mktemp("films")
    return lambda film: shoot(film, folder)


@pytest.fixture
async def audience() -> AsyncIterator[Viewers]:
    """A browser; the test is skipped, aloud, where there is none or the players are not installed."""
    missing = [path.name for path in SCRIPTS.values() if not path.exists()]
    if chromium() is None or missing:
        pytest.skip(f"no viewer: chromium is {chromium()}, missing {missing}; `make test` installs them")
    async with viewers() as found:
        yield found
