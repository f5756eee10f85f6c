"""Lists in order, by comparison with a plain sort."""

from hypothesis import given
from hypothesis import strategies as st

from services.api.newest_first import NewestFirst

KEYS = st.sampled_from("abcdef")
PUTS = st.tuples(KEYS, st.integers(0, 4), st.sampled_from(["x", "y"]))


@given(steps=st.lists(st.one_of(PUTS, KEYS)))
def test_index_is_what_sorting_would_give(steps: list[tuple[str, int, str] | str]) -> None:
    """Newest first, the same time by key, as a whole and by group, whatever was put, moved and removed."""
    index, known = NewestFirst(), dict[str, tuple[int, str]]()
    for step in steps:
        if isinstance(step, str):
            index.remove(step)
            known.pop(step, None)
        else:
            index.put(*step)
            known[step[0]] = step[1:]

    def wanted(group: str | None) -> list[str]:
        members = [key for key in known if group in (None, known[key][1])]
        return sorted(members, key=lambda key: (-known[key][0], key))

    assert [list(index.keys(group)) for group in (None, "x", "y")] == [wanted(None), wanted("x"), wanted("y")]


def test_list_goes_on_behind_a_place_that_is_gone() -> None:
    """A record deleted between two pages takes no other with it."""
    index = NewestFirst()
    for number, key in enumerate("abcd"):
        index.put(key, number, "")
    place = index.place("c")
    index.remove("c")

    assert list(index.keys(after=place)) == ["b", "a"]
