"""Pictures that wait for their sound. Pure.

Picture and sound are cut at one instant of what is shown. A picture that is shown later than it is decoded has come
before the sound that belongs to it, so it is held until that is there; then a part, and a segment, has both.
"""

from collections import deque
from collections.abc import Iterator
from itertools import takewhile
from typing import NamedTuple

from services.common.media.unit import CLOCK_RATE, Unit
from services.packager.program.ordering import Item

PATIENCE = CLOCK_RATE * 2 // 5
"""Sound that comes this much later than its picture is not waited for: it goes into later parts."""

SILENCE = CLOCK_RATE
"""Where the last sound is this much older than a picture there is none to wait for."""


class Held(NamedTuple):
    """A picture, where it lay, and its program time (90 kHz)."""

    item: Item
    unit: Unit
    time: int


class HeldPictures:
    """The pictures of the source that are in no lane yet, in their order."""

    def __init__(self) -> None:
        self._pictures: deque[Held] = deque()

    @property
    def first_item(self) -> Item | None:
        """The oldest one, which is still needed if somebody else is to go on here."""
        return self._pictures[0].item if self._pictures else None

    def hold(self, item: Item, unit: Unit, time: int) -> None:
        self._pictures.append(Held(item, unit, time))

    def release(self, *, sound: int | None, delay: int) -> Iterator[Held]:
        """Those whose sound is there, or not to be waited for; each is gone once the next is asked for.

        `sound` is the program time of the newest sound (None: there is none to expect), `delay` how much later than it
        is decoded a key frame is shown.
        """
        pictures = self._pictures
        while pictures:
            time = pictures[0].time
            is_there = sound is None or sound >= time + delay or sound < time - SILENCE
            if not is_there and pictures[-1].time - time < delay + PATIENCE:
                return
            yield pictures[0]
            pictures.popleft()

    def release_all(self) -> Iterator[Held]:
        """All of them, the last ones without their sound."""
        while self._pictures:
            yield self._pictures[0]
            self._pictures.popleft()

    def leave(self, shown_end: int) -> None:
        """Forget all from the first on that is shown at this program time or later: before it there must be no hole."""
        kept = takewhile(lambda held: held.time + held.unit.cts < shown_end, self._pictures)
        self._pictures = deque(kept)
