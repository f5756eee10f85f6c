"""Cutting a stream of chunks into parts of one size without copying them. Pure."""

from collections.abc import Iterator


class PartBuffer:
    """Takes chunks and gives parts, each a list of pieces of exactly `part_bytes` together."""

    def __init__(self, part_bytes: int) -> None:
        self._part_bytes = part_bytes
        self._pieces: list[memoryview] = []
        self._held = 0
        self.size = 0
        """Bytes taken in so far."""

    def add(self, chunk: bytes) -> Iterator[list[memoryview]]:
        """The parts that this chunk completes."""
        self.size += len(chunk)
        left = memoryview(chunk)
        while self._held + len(left) >= self._part_bytes:
            cut = self._part_bytes - self._held
            part = [*self._pieces, left[:cut]]
            left = left[cut:]
            self._pieces, self._held = [], 0
            yield part
        if left:
            self._pieces.append(left)
            self._held += len(left)

    def rest(self) -> list[memoryview]:
        """What has not made a part."""
        return self._pieces
