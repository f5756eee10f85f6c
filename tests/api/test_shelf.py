"""Columns of rows: whatever was put, moved and removed, each query gives what looking at every row gives."""

from hypothesis import given
from hypothesis import strategies as st

from services.api.row import NAME_LENGTH, ORDERS, Columns, Query, Row
from services.api.rows import value_of
from services.api.shelf import Shelf, shelf_of

KEYS = st.sampled_from("klmnop")
ROWS = st.builds(
    Row,
    key=KEYS,
    tenant=st.just("t"),
    create_time=st.integers(0, 4),
    app=st.sampled_from(["a", "b"]),
    creator=st.sampled_from(["", "ann", "bob"]),
    name=st.text("aAbB ", max_size=3),
    state=st.integers(0, 3),
    update_time=st.integers(0, 3),
    duration=st.integers(0, 3),
    is_deleted=st.booleans(),
    size=st.integers(0, 9),
)
QUERIES = st.builds(
    Query,
    tenant=st.just("t"),
    app=st.sampled_from(["", "a", "c"]),
    creator=st.sampled_from(["", "ann", "cid"]),
    name=st.text("aB", max_size=2),
    states=st.frozensets(st.integers(0, 3), max_size=2),
    after_us=st.integers(0, 4),
    before_us=st.integers(0, 4),
    shows_deleted=st.booleans(),
    whole_name=st.booleans(),
)


def fits(row: Row, query: Query) -> bool:
    is_called = row.name == query.name if query.whole_name else query.name.casefold() in row.name.casefold()
    return (
        query.app in ("", row.app)
        and query.creator in ("", row.creator)
        and (not query.name or is_called)
        and (not query.states or row.state in query.states)
        and query.after_us <= row.create_time < (query.before_us or 99)
        and (query.shows_deleted or not row.is_deleted)
    )


@given(
    before=st.lists(ROWS, max_size=4).map(lambda rows: {row.key: row for row in rows}),
    steps=st.lists(st.one_of(ROWS, KEYS), max_size=25),
    sorted_at=st.integers(0, 25),
    query=QUERIES,
    order=st.sampled_from(ORDERS),
    keys=st.lists(KEYS, max_size=4),
)
def test_any_query_is_what_looking_at_every_row_gives(
    *, before: dict[str, Row], steps: list[Row | str], sorted_at: int, query: Query, order: str, keys: list[str]
) -> None:
    """Whether its order was kept up meanwhile or is sorted now; of all rows, and of some keys."""
    shelf, known = Shelf(), dict[str, Row]()
    if before:
        shelf.put_new(Columns.of(before.values()))
    known.update(before)
    for place, step in enumerate(steps):
        if place == sorted_at:
            shelf.order(order, has_deleted=query.shows_deleted)
        if isinstance(step, str):
            shelf.remove(step)
            known.pop(step, None)
        else:
            shelf.put(step)
            known[step.key] = step

    value = value_of(order)
    wanted = sorted((row for row in known.values() if fits(row, query)), key=lambda row: (value(row), row.key))
    found = shelf.find(query, order)
    assert found[:] == wanted
    assert [found[place] for place in range(len(found))] == wanted
    assert list(found.keys()) == [row.key for row in wanted]
    assert found.duration() == sum(row.duration for row in wanted)
    assert found.where(lambda key: key in "kl")[:] == [row for row in wanted if row.key in "kl"]
    assert shelf.pick(query, keys, order)[:] == [row for row in wanted if row.key in keys]
    assert (len(shelf), shelf.size) == (len(known), sum(row.size for row in known.values()))


def test_names_are_sorted_by_their_beginnings_in_one_case() -> None:
    """What comes after that is the key's business."""
    long = "x" * NAME_LENGTH
    shelf = shelf_of([Row("1", "t", name=f"{long}b"), Row("2", "t", name=f"{long.upper()}a"), Row("3", "t", name="W")])
    assert list(shelf.find(Query("t"), "name").keys()) == ["3", "1", "2"]
