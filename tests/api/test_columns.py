"""Columns of bytes, and masks over them."""

from services.api.columns import Labels, joined, those_of, where


def test_masks_say_where_and_join_to_where_all_do() -> None:
    """And what is in order stays so."""
    column = bytearray(b"\3\1\3\2")
    assert where(column, {3}) == b"\1\0\1\0"
    assert joined([where(column, {3, 2}), b"\0\1\1\1"]) == b"\0\0\1\1"
    assert those_of([3, 2, 0], b"\0\0\1\1") == [3, 2]


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
