"""Columns of the sample table: compact while they grow, big-endian 32- or 64-bit words when written."""

import sys
from array import array
from collections.abc import Iterable


class Runs:
    """A column kept as runs of equal numbers, as `stts` and `ctts` store it: 8 bytes a run."""

    def __init__(self) -> None:
        self._counts = array("I")
        self._values = array("i")

    def append(self, value: int) -> None:
        if self._values and self._values[-1] == value:
            self._counts[-1] += 1
        else:
            self._counts.append(1)
            self._values.append(value)

    def replace_last(self, value: int) -> None:
        """Put `value` in the place of the number appended last."""
        if self._counts[-1] > 1:
            self._counts[-1] -= 1
        else:
            self._counts.pop()
            self._values.pop()
        self.append(value)

    def is_all_zero(self) -> bool:
        return not any(self._values)

    def table(self) -> bytes:
        """Write the number of runs, then count and value of each."""
        rows = array("I", bytes(8 * len(self._counts)))
        rows[0::2] = self._counts
        rows[1::2] = array("I", self._values.tobytes())
        return words([len(self._counts)]) + words(rows)


def words(numbers: Iterable[int]) -> bytes:
    """Write 32-bit words."""
    return _big_endian(array("I", numbers))


def long_words(numbers: Iterable[int]) -> bytes:
    """Write 64-bit words."""
    return _big_endian(array("Q", numbers))


def _big_endian(column: "array[int]") -> bytes:
    if sys.byteorder == "little":
        column.byteswap()
    return column.tobytes()
