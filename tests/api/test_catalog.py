"""Lists kept sorted through changes, filtered by the values of their rows."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.catalog import Catalog
from services.api.row import Query, Row
from services.api.rows import media_columns, value_of
from services.api.shelf import shelf_of

ORDERS = ("create_time", "update_time", "name", "duration")
OURS = Query("t")

records = st.builds(
    MediaRecord,
    tenant_id=st.sampled_from(["t", "u"]),
    name=st.text("aAb", max_size=2),
    state=st.sampled_from([Media.RECORDING, Media.READY]),
    create_time_us=st.integers(0, 5),
    update_time_us=st.integers(0, 5),
    duration_us=st.integers(0, 5),
    delete_time_us=st.integers(0, 1),
)
changes = st.lists(st.tuples(st.sampled_from("klmn"), st.none() | records), max_size=30)


@given(before=changes, after=changes, order=st.sampled_from(ORDERS), shows_deleted=st.booleans())
def test_list_is_sorted_and_complete_after_any_changes(
    before: list[tuple[str, MediaRecord | None]],
    after: list[tuple[str, MediaRecord | None]],
    order: str,
    shows_deleted: bool,
) -> None:
    """Whether they came before the list was first asked for or after."""
    catalog, kept = Catalog(media_columns), dict[str, MediaRecord]()
    for some in (before, after):
        for key, record in some:
            catalog.note(key, record)
            kept.pop(key, None)
            if record is not None:
                kept[key] = record
        rows = media_columns(list(kept), list(kept.values())).rows()
        wanted = [row for row in rows if row.tenant == "t" and (shows_deleted or not row.is_deleted)]
        found = catalog.find(replace(OURS, shows_deleted=shows_deleted), order)
        assert list(found) == sorted(wanted, key=lambda row: (value_of(order)(row), row.key))


def test_each_filter_leaves_what_it_names() -> None:
    """All together, what all of them leave."""
    rows = [
        Row("1", "t", 10, "app", "ann", "first show", Media.READY),
        Row("2", "t", 20, "app", "bob", "second show", Media.RECORDING),
        Row("3", "t", 30, "other", "bob", "third", Media.READY, is_deleted=True),
    ]

    def keys(query: Query, order: str = "create_time") -> str:
        return "".join(row.key for row in shelf_of(rows).find(query, order))

    assert keys(OURS) == "12"
    assert keys(replace(OURS, shows_deleted=True)) == "123"
    assert keys(replace(OURS, app="app", creator="bob")) == "2"
    assert keys(replace(OURS, name="SHOW")) == "12"
    assert keys(replace(OURS, states=frozenset({Media.READY}))) == "1"
    for order in ("create_time", "name"):
        assert keys(replace(OURS, after_us=10, before_us=20), order) == "1"
        assert keys(replace(OURS, after_us=11), order) == "2"
