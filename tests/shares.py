"""Which worker runs which tests, and when: how a run of tests in several processes is divided."""

import pytest
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

MACHINES = "tests/e2e/"
ALONE = "@alone"
"""Ends the name of a test that no other may run beside: a name is all that is told of a test where work is divided."""


def in_order(items: list[pytest.Item]) -> None:
    """Whole machines begin first, because they take longest; what runs alone comes last, and its name says so."""
    for item in items:
        if item.get_closest_marker("alone"):
            item._nodeid = f"{item.nodeid}{ALONE}"  # type: ignore[attr-defined]  # as xdist itself names its groups
    items.sort(key=lambda item: (item.nodeid.endswith(ALONE), not item.nodeid.startswith(MACHINES)))


class Shares(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """The tests of a file stay together, for they share servers; and whole machines run one after the other.

    What runs alone is given, when all others have ended, to the worker whose machine still runs.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.endswith(ALONE):
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
