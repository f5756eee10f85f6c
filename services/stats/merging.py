"""Samples out of several sources that overlap and have gaps, as one series, newest first. Pure.

Redis may have been emptied, or have come back with what it held an hour ago; blocks may overlap where a replica died
between two steps. So no source is believed to be whole: what counts is down to which slot all of them have been read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.stats.series import Sample


@dataclass(frozen=True, slots=True)
class Page:
    """Some samples, newest first."""

    samples: Sequence[Sample]
    before_ms: int | None
    """The next page has those of before this slot; None: there is none."""


class Merge:
    """Gathers one page of at most `size` samples, of slots from `after_ms` on and before `before_ms` (None: all).

    A slot that is in two sources is taken from the first.
    """

    def __init__(self, size: int, after_ms: int = 0, before_ms: int | None = None) -> None:
        self._size = size
        self._after_ms = after_ms
        self._before_ms = before_ms
        self._found: dict[int, Sample] = {}
        self._whole_from = after_ms

    def add(self, samples: Iterable[Sample]) -> None:
        """Take note of samples in any order; those that were not asked for are passed over."""
        for sample in samples:
            if sample.slot_ms >= self._after_ms and (self._before_ms is None or sample.slot_ms < self._before_ms):
                self._found.setdefault(sample.slot_ms, sample)

    def cut(self, slot_ms: int) -> None:
        """A source was not read beyond this slot, counting from the newest: what is older may be incomplete."""
        self._whole_from = max(self._whole_from, slot_ms)

    def lacks(self, unread_ms: int) -> int:
        """How many samples are missing for a page and a look at the next, if a source is unread from this slot on."""
        whole_from = max(self._whole_from, unread_ms + 1)
        return max(0, self._size + 1 - sum(slot >= whole_from for slot in self._found))

    def page(self) -> Page:
        """What is complete of it."""
        slots = sorted((slot for slot in self._found if slot >= self._whole_from), reverse=True)
        chosen = [self._found[slot] for slot in slots[: self._size]]
        if len(slots) > self._size:
            return Page(chosen, chosen[-1].slot_ms)
        return Page(chosen, self._whole_from if self._whole_from > self._after_ms else None)
