"""Who waits for what: thousands of players for a handful of answers.

Waiters for the same thing share one entry, so a tick looks at each thing once and hands one response to all.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from services.packager.http import Pending, Response


@dataclass(slots=True)
class _Group:
    since: float
    waiters: set[Pending] = field(default_factory=set)


class Waiting:
    """Waiters grouped by what they wait for; `now` is the caller's clock."""

    def __init__(self) -> None:
        self._groups: dict[Hashable, _Group] = {}

    def __len__(self) -> int:
        return sum(len(group.waiters) for group in self._groups.values())

    def add(self, wanted: Hashable, now: float) -> Pending:
        """A new waiter; when its client goes away it is forgotten."""
        group = self._groups.setdefault(wanted, _Group(now))

        def forget(waiter: Pending) -> None:
            group.waiters.discard(waiter)
            if not group.waiters and self._groups.get(wanted) is group:
                del self._groups[wanted]

        waiter = Pending(forget)
        group.waiters.add(waiter)
        return waiter

    def answer(self, find: Callable[[Hashable], Response | None]) -> None:
        """Answer all who wait for something that `find` has a response for."""
        for wanted in list(self._groups):
            response = find(wanted)
            if response is not None:
                self._resolve(wanted, response)

    def answer_late(self, before: float, find: Callable[[Hashable], Response]) -> None:
        """Answer all who have waited since before that moment, whatever there is."""
        for wanted, group in list(self._groups.items()):
            if group.since < before:
                self._resolve(wanted, find(wanted))

    def _resolve(self, wanted: Hashable, response: Response) -> None:
        for waiter in self._groups.pop(wanted).waiters:
            waiter.resolve(response)
