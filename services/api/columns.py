"""Columns of bytes and masks over them. Pure.

A mask is a byte of 0 or 1 for each place of a column; masks are joined as numbers.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from array import array


def where(column: bytearray, values: Collection[int]) -> bytearray:
    return column.translate(bytes(number in values for number in range(256)))


class Sifted(Sequence[int]):
    """Those of an order that a mask lets through, of all of which the mask is; found as far as they are looked at."""

    def __init__(self, order: "array[int]", mask: bytes | bytearray) -> None:
        self._order = order
        # Of all that can be asked for its n-th, a list is the quickest.
        self._passes = list(mask).__getitem__
        self._length = mask.count(1)
        self._all: list[int] | None = None

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[int]:
        return filter(self._passes, self._order)

    @overload
    def __getitem__(self, place: int) -> int: ...
    @overload
    def __getitem__(self, place: slice) -> list[int]: ...
    def __getitem__(self, place: int | slice) -> int | list[int]:
        if isinstance(place, int) or self._all is not None:
            if self._all is None:
                self._all = list(self)
            return self._all[place]
        first, last, _ = place.indices(self._length)
        if first < self._length // 2:
            return list(islice(self, first, last))
        from_behind = filter(self._passes, reversed(self._order))
        return list(islice(from_behind, self._length - last, self._length - first))[::-1]


def joined(masks: Sequence[bytes | bytearray]) -> bytes:
    """1 where all of them have it."""
    found = int.from_bytes(masks[0], "little")
    for mask in masks[1:]:
        found &= int.from_bytes(mask, "little")
    return found.to_bytes(len(masks[0]), "little")


class Labels:
    """A column of texts of which there are few different ones.

    Each has a number, and the numbers are kept a byte in each of as many columns as are needed: where a byte stands, C
    finds out for all of them at once.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []
        self._length = 0
        self._bytes = [bytearray()]

    def extend(self, texts: Sequence[str]) -> None:
        for text in set(texts):
            self._number(text)
        numbers = list(map(self._numbers.__getitem__, texts))
        self._length += len(numbers)
        for place, column in enumerate(self._bytes):
            column.extend([number >> 8 * place & 255 for number in numbers])

    def __setitem__(self, slot: int, text: str) -> None:
        number = self._number(text)
        for place, column in enumerate(self._bytes):
            column[slot] = number >> 8 * place & 255

    def __getitem__(self, slot: int) -> str:
        return self._texts[sum(column[slot] << 8 * place for place, column in enumerate(self._bytes))]

    def _number(self, text: str) -> int:
        number = self._numbers.get(text)
        if number is None:
            number = self._numbers[text] = len(self._texts)
            self._texts.append(text)
            if number >> 8 * len(self._bytes):
                self._bytes.append(bytearray(self._length))
        return number

    def mask(self, text: str) -> bytes:
        """Where it stands."""
        number = self._numbers.get(text)
        if number is None:
            return bytes(self._length)
        wanted = (number >> 8 * place & 255 for place in range(len(self._bytes)))
        return joined([where(column, {each}) for column, each in zip(self._bytes, wanted, strict=True)])
