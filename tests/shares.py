"""Which worker runs which tests, and when: how a run of tests in several processes is divided."""

import atexit
import os
import tempfile
from functools import cached_property
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

MACHINES = "tests/e2e/"
ALONE = "what runs alone"
_NOTE = "TESTS_ALONE"
"""Names the file in which workers note what runs alone: xdist tells whoever divides the work names and no marks."""


def open_note() -> None:
    """For the process that starts the workers, before it does."""
    handle, path = tempfile.mkstemp(prefix="alone-")
    os.close(handle)
    os.environ[_NOTE] = path
    atexit.register(Path(path).unlink, missing_ok=True)


def in_order(items: list[pytest.Item]) -> None:
    """Whole machines begin first, because they take longest; what runs alone comes last, and is noted."""
    alone = {item.nodeid for item in items if item.get_closest_marker("alone")}
    items.sort(key=lambda item: (item.nodeid in alone, not item.nodeid.startswith(MACHINES)))
    note = Path(os.environ[_NOTE])
    mine = note.with_name(f"{note.name}-{os.getpid()}")
    mine.write_text("\n".join(sorted(alone)))
    mine.replace(note)  # each worker has the same to say


class Shares(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """The tests of a file stay together, for they share servers; and whole machines run one after the other.

    What runs alone is given, when all others have ended, to the worker whose machine still runs.
    """

    @cached_property
    def _alone(self) -> frozenset[str]:
        """Asked for when all workers have collected."""
        return frozenset(Path(os.environ[_NOTE]).read_text().split("\n"))

    def _split_scope(self, nodeid: str) -> str:
        if nodeid in self._alone:
            return ALONE
        return MACHINES if nodeid.startswith(MACHINES) else nodeid.partition("::")[0]

    def _assign_work_unit(self, node: WorkerController) -> None:
        if ALONE in self.workqueue:
            self.workqueue.move_to_end(ALONE)  # what a worker left that died has come behind it
        if not self._is_left_alone() or len(self.assigned_work) == 1:
            super()._assign_work_unit(node)

    def _reschedule(self, node: WorkerController) -> None:
        if self._is_left_alone() and len(self.assigned_work) > 1 and node is not self._last():
            node.shutdown()
        else:
            super()._reschedule(node)

    def remove_node(self, node: WorkerController) -> str | None:
        crashed: str | None = super().remove_node(node)
        if self._is_left_alone() and len(self.assigned_work) == 1:
            self._reschedule(*self.nodes)
        return crashed

    def _is_left_alone(self) -> bool:
        return list(self.workqueue) == [ALONE]

    def _last(self) -> WorkerController:
        """Who waits for all others to end."""
        waiting = [node for node in self.nodes if not node.shutting_down]
        return next((node for node in waiting if MACHINES in self.assigned_work[node]), next(iter(waiting), None))
