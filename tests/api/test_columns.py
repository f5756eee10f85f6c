"""Columns of bytes, and masks over them."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from services.api.columns import Labels, Sifted, joined, where


def test_masks_say_where_and_join_to_where_all_do() -> None:
    """A byte each."""
    column = bytearray(b"\3\1\3\2")
    assert where(column, {3}) == b"\1\0\1\0"
    assert joined([where(column, {3, 2}), b"\0\1\1\1"]) == b"\0\0\1\1"


def test_labels_know_where_a_text_stands() -> None:
    """Of one that stands nowhere, that."""
    labels = Labels()
    labels.extend(("a", "b", "a"))
    labels[1] = "c"
    assert [labels[slot] for slot in range(3)] == ["a", "c", "a"]
    assert (labels.mask("a"), labels.mask("b"), labels.mask("d")) == (b"\1\0\1", b"\0\0\0", b"\0\0\0")


def test_labels_may_be_many() -> None:
    """More than a byte can number, those from before and those from after."""
    labels = Labels()
    labels.extend([str(number) for number in range(100)])
    labels.extend([str(number) for number in range(100, 70_000)])
    for number in (0, 255, 256, 65_535, 65_536, 69_999):
        assert labels[number] == str(number)
        assert labels.mask(str(number)).find(1) == number
        assert labels.mask(str(number)).count(1) == 1


@given(st.permutations(range(9)), st.binary(min_size=9, max_size=9), st.integers(0, 10), st.integers(0, 10))
def test_sifted_is_the_order_without_the_rest(order: list[int], chance: bytes, first: int, last: int) -> None:
    """However it is looked at: through, in pieces from either end, one by one."""
    mask = bytes(number & 1 for number in chance)
    wanted = [slot for slot in order if mask[slot]]
    sifted = Sifted(array("I", order), mask)
    assert (len(sifted), list(sifted)) == (len(wanted), wanted)
    assert sifted[first:last] == wanted[first:last]
    assert [sifted[place] for place in range(len(sifted))] == wanted
    assert sifted[first:last] == wanted[first:last]
