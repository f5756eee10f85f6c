"""Rows by column, and back."""

from hypothesis import given
from hypothesis import strategies as st

from services.api.row import Columns, Row

rows = st.lists(
    st.builds(
        Row,
        key=st.text(max_size=2),
        tenant=st.sampled_from("tu"),
        create_time=st.integers(0, 9),
        name=st.text(max_size=2),
        is_deleted=st.booleans(),
    ),
    min_size=1,
)


@given(rows)
def test_columns_are_the_rows_and_can_be_told_apart_by_tenant(given_rows: list[Row]) -> None:
    """Nothing is lost on the way, and the order stays."""
    columns = Columns.of(given_rows)

    assert columns.rows() == given_rows
    assert columns.create_times == tuple(row.create_time for row in given_rows)
    for tenant in "tuv":
        assert columns.of_tenant(tenant).rows() == [row for row in given_rows if row.tenant == tenant]
