"""A storm of one warning becomes a few lines and a count: hostile peers cannot fill a disk by our log."""

import time
from collections import OrderedDict
from collections.abc import Callable, MutableMapping
from typing import Any

from services.common.log_library import DropEvent


class RepeatLimit:
    """Lets `burst` warnings or errors of the same text through per `window_s` seconds.

    The next window says how many were left out (`suppressed=n`). Lines below warning pass.
    """

    def __init__(
        self, *, burst: int = 20, window_s: float = 10.0, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._burst = burst
        self._window_s = window_s
        self._monotonic = monotonic
        self._seen: OrderedDict[tuple[str, str], _Window] = OrderedDict()

    def __call__(self, _logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        level = event.get("level", method)
        if level in {"debug", "info"}:
            return event
        window = self._window((str(event.get("module", "")), str(event.get("event", ""))[:200]))
        window.count += 1
        if window.count > self._burst:
            raise DropEvent
        if window.suppressed:
            event["suppressed"] = window.suppressed
            window.suppressed = 0
        return event

    def _window(self, key: tuple[str, str]) -> "_Window":
        now = self._monotonic()
        window = self._seen.get(key)
        if window is None:
            window = self._seen[key] = _Window(now)
            if len(self._seen) > _MAX_TEXTS:
                self._seen.popitem(last=False)
        elif now - window.start >= self._window_s:
            window.suppressed = max(0, window.count - self._burst)
            window.start, window.count = now, 0
        return window


class _Window:
    __slots__ = ("count", "start", "suppressed")

    def __init__(self, start: float) -> None:
        self.start = start
        self.count = 0
        self.suppressed = 0


_MAX_TEXTS = 500
