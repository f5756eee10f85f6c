"""kill -9 as an exception that nobody catches, raised between two things that others can see."""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from services.common.bus.log import Log
from services.common.objects import ObjectStore
from services.common.redis_client import Redis
from tests.api.in_process import KindArchive, SaidFacts

NEVER = -1
_SEEN: dict[type, tuple[str, ...]] = {
    Log: ("append",),
    Redis: ("run",),
    ObjectStore: ("put", "delete"),
    KindArchive: ("create_job", "delete_job", "delete_recording", "create_clip"),
}
"""What others see of api: writes of buckets, answers kept in Redis, objects, orders to the archiver."""


class Killed(BaseException):
    """Nobody catches it."""


@dataclass
class Fuse:
    """Counts what others can see, and kills after the `after`-th; 0: before the first."""

    after: int = NEVER
    seen: list[str] = field(default_factory=list)
    _is_elsewhere: bool = False

    @contextmanager
    def laid(self) -> Iterator[None]:
        """Everything of this process burns on it, as long as the block lasts."""
        with pytest.MonkeyPatch.context() as patch:
            for kind, names in _SEEN.items():
                for name in names:
                    patch.setattr(kind, name, self._burning(kind, name))
            patch.setattr(SaidFacts, "publish", self._publishing(SaidFacts.publish))
            yield

    def _burning(self, kind: type, name: str) -> Callable[..., Awaitable[Any]]:
        whole = getattr(kind, name)

        async def do(own: Any, *given: Any, **named: Any) -> Any:
            if self._is_elsewhere:
                return await whole(own, *given, **named)
            self._burn()
            self._is_elsewhere = kind is KindArchive  # what the archiver writes goes on when api is dead
            try:
                done = await whole(own, *given, **named)
            finally:
                self._is_elsewhere = False
            self._note(f"{kind.__name__}.{name}")
            return done

        return do

    def _publishing(self, whole: Callable[..., None]) -> Callable[..., None]:
        def publish(own: Any, *given: Any) -> None:
            if own.is_lagging:
                whole(own, *given)
                return
            self._burn()
            whole(own, *given)
            self._note("publish")

        return publish

    def _note(self, what: str) -> None:
        self.seen.append(what)
        self._burn()

    def _burn(self) -> None:
        if 0 <= self.after <= len(self.seen):
            raise Killed
