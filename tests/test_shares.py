"""How tests are divided among workers."""

import random
from collections import deque
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.shares import MACHINES, Shares

ALONE = "_alone"
SCOPES = st.lists(st.integers(1, 6), min_size=1, max_size=8)


class Worker:
    """As xdist's: a test is begun when the one after it is known, or that there is none."""

    def __init__(self, number: int) -> None:
        self.gateway = SimpleNamespace(id=f"gw{number}")
        self.queue: deque[int] = deque()
        self.shutting_down = False

    def send_runtest_some(self, indices: list[int]) -> None:
        self.queue += indices

    def shutdown(self) -> None:
        self.shutting_down = True

    def can_go_on(self) -> bool:
        return self.shutting_down or len(self.queue) > 1


class Run:
    """A run of tests to its end, by workers of which now this and now that one is the faster."""

    def __init__(self, names: list[str], workers: int, dice: random.Random) -> None:
        self.names = names
        self.dice = dice
        self.done: list[tuple[str, Worker, int]] = []
        """Each test, who ran it, and how many workers there were."""
        config = SimpleNamespace(getvalue=lambda _: ["popen"] * workers, option=SimpleNamespace(loadscopereorder=False))
        self.shares = Shares(config)
        self.shares.__dict__["_alone"] = {name for name in names if name.endswith(ALONE)}
        self.workers = [Worker(number) for number in range(workers)]
        for worker in self.workers:
            self.shares.add_node(worker)
        for worker in self.workers:
            self.shares.add_node_collection(worker, names)

    def to_the_end(self) -> None:
        self.shares.schedule()
        while self.workers:
            able = [worker for worker in self.workers if worker.can_go_on()]
            assert able, f"all wait for each other after {self.done}"
            self._step(self.dice.choice(able))

    def _step(self, worker: Worker) -> None:
        if worker.queue:
            index = worker.queue.popleft()
            self.done.append((self.names[index], worker, len(self.workers)))
            self.shares.mark_test_complete(worker, index)
            return
        self.workers.remove(worker)
        if worker in self.shares.nodes:
            assert self.shares.remove_node(worker) is None
        if self.shares.tests_finished:
            for each in self.workers:
                each.shutdown()


def _names(machines: int, files: list[int], alone: int) -> list[str]:
    names = [f"{MACHINES}test_a.py::test_{number}" for number in range(machines)]
    names += [f"tests/test_{file}.py::test_{number}" for file, count in enumerate(files) for number in range(count)]
    return names + [f"{MACHINES}test_b.py::test_{number}{ALONE}" for number in range(alone)]


@given(st.integers(0, 6), SCOPES, st.integers(0, 5), st.integers(1, 4), st.randoms(use_true_random=False))
def test_every_test_is_run_once_and_nothing_beside_what_runs_alone(
    machines: int, files: list[int], alone: int, workers: int, dice: random.Random
) -> None:
    """However many there are of each, and whichever worker is fast."""
    names = _names(machines, files, alone)
    run = Run(names, workers, dice)
    run.to_the_end()

    assert sorted(name for name, _, _ in run.done) == sorted(names)
    assert all(beside == 1 for name, _, beside in run.done if name.endswith(ALONE))


@pytest.mark.parametrize("seed", range(5))
def test_what_runs_alone_finds_the_machine_that_others_have_used(seed: int) -> None:
    """It is not started a second time."""
    run = Run(_names(3, [4, 4, 4], 2), 3, random.Random(seed))
    run.to_the_end()

    assert len({worker.gateway.id for name, worker, _ in run.done if name.startswith(MACHINES)}) == 1


def test_what_is_left_by_a_worker_that_died_is_not_run_beside_what_runs_alone() -> None:
    """It comes before it, by whoever is left."""
    names = _names(0, [3, 3], 2)
    run = Run(names, 2, random.Random(1))
    run.shares.schedule()
    died = run.workers.pop()
    left = {names[index] for index in died.queue}
    crashed = run.shares.remove_node(died)
    run.to_the_end()

    ran = [name for name, _, _ in run.done]
    assert left - {crashed} <= set(ran)
    assert ran[-2:] == names[-2:]
