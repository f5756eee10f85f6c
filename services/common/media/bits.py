"""Bits of a byte string, most significant first, with the Exp-Golomb codes of H.264."""

_MAX_GOLOMB_ZEROS = 32


class Bits:
    """A reader that never goes past its end: reading further raises a ValueError that names `what` was read."""

    def __init__(self, data: bytes, what: str) -> None:
        self._value = int.from_bytes(data, "big")
        self._what = what
        self.left = 8 * len(data)

    def read(self, count: int) -> int:
        """Take the next `count` bits as an unsigned number: u(n)."""
        if count > self.left:
            raise ValueError(f"{self._what} ends early: {count} bits wanted, {self.left} left")
        self.left -= count
        return (self._value >> self.left) & ((1 << count) - 1)

    def flag(self) -> bool:
        return self.read(1) == 1

    def skip(self, count: int) -> None:
        self.read(count)

    def unsigned(self) -> int:
        """Take an Exp-Golomb number: ue(v), ITU-T H.264 9.1."""
        zeros = 0
        while not self.flag():
            zeros += 1
            if zeros > _MAX_GOLOMB_ZEROS:
                raise ValueError(f"{self._what} has an Exp-Golomb code of more than 32 zeros")
        return (1 << zeros) - 1 + self.read(zeros)

    def signed(self) -> int:
        """Take a signed Exp-Golomb number: se(v), ITU-T H.264 9.1.1."""
        code = self.unsigned()
        return (code + 1) // 2 if code & 1 else -(code // 2)
