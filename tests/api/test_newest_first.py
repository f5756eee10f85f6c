"""Lists in order, by comparison with a plain sort."""

from hypothesis import given
from hypothesis import strategies as st

from services.api.newest_first import NewestFirst

KEYS = st.sampled_from("abcdef")
PUTS = st.tuples(KEYS, st.integers(0, 4), st.sampled_from(["x", "y", ""]), st.sampled_from(["u", "v"]))


@given(steps=st.lists(st.one_of(PUTS, KEYS)), looked_at=st.integers(0, 20))
def test_index_is_what_sorting_would_give(steps: list[tuple[str, int, str, str] | str], looked_at: int) -> None:
    """Newest first, the same time by key, as a whole and by group, whatever was put, moved and removed."""
    index, known = NewestFirst(), dict[str, tuple[int, str, str]]()

    def everything() -> list[str]:
        return index.all_keys(lambda: [(-time, key) for key, (time, *_) in known.items()])

    for number, step in enumerate(steps):
        if number == looked_at:
            everything()
        key = step if isinstance(step, str) else step[0]
        if key in known:
            time, *groups = known.pop(key)
            index.remove((-time, key), groups)
        if not isinstance(step, str):
            known[key] = step[1:]
            index.add((-step[1], key), step[2:])

    def wanted(group: str | None) -> list[str]:
        members = [key for key in known if group is None or group in known[key][1:]]
        return sorted(members, key=lambda key: (-known[key][0], key))

    assert everything() == wanted(None)
    for group in ("x", "y", "u", "v"):
        assert (index.keys(group), index.count(group)) == (wanted(group), len(wanted(group)))
        assert index.keys(group, limit=2) == wanted(group)[:2]
    assert index.keys("") == []
