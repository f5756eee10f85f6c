"""Bits and Exp-Golomb codes."""

import pytest

from services.common.media.bits import Bits


@pytest.mark.parametrize(
    ("code", "unsigned", "signed"),
    [("1", 0, 0), ("010", 1, 1), ("011", 2, -1), ("00100", 3, 2), ("00101", 4, -2), ("0001000", 7, 4)],
)
def test_exp_golomb_codes_are_those_of_the_specification(code: str, unsigned: int, signed: int) -> None:
    """Tables 9-2 and 9-3 of ITU-T H.264."""
    data = int(code.ljust(8, "0"), 2).to_bytes(1, "big")
    assert Bits(data, "test").unsigned() == unsigned
    assert Bits(data, "test").signed() == signed


def test_numbers_follow_one_another() -> None:
    """Reading takes the most significant bits first, across bytes."""
    bits = Bits(b"\xa5\x0f", "test")
    assert [bits.read(3), bits.read(7), bits.flag(), bits.read(0), bits.left] == [5, 0x14, False, 0, 5]


def test_reading_past_the_end_says_what_ended() -> None:
    """The error names what was read, what was wanted and what is left."""
    with pytest.raises(ValueError, match="thing ends early: 9 bits wanted, 8 left"):
        Bits(b"x", "thing").read(9)


def test_endless_exp_golomb_code_is_refused() -> None:
    """More than 32 leading zeros are no code of H.264."""
    with pytest.raises(ValueError, match="more than 32 zeros"):
        Bits(bytes(100), "thing").unsigned()
