"""How much a tenant's recordings take up, summed up as they change."""

from hypothesis import given
from hypothesis import strategies as st

from headwater.internal.v1.records_pb2 import MediaRecord
from services.api.catalog import Catalog
from services.api.rows import media_columns

records = st.builds(
    MediaRecord,
    tenant_id=st.sampled_from(["t", "u"]),
    size_bytes=st.integers(0, 1 << 50),
    delete_time_us=st.integers(0, 1),
)


@given(changes=st.lists(st.tuples(st.sampled_from("klm"), st.none() | records), max_size=30))
def test_size_is_that_of_what_is_there_after_any_changes(changes: list[tuple[str, MediaRecord | None]]) -> None:
    """What is in the bin counts; what is gone, and what went to another tenant, does not."""
    catalog, kept = Catalog(media_columns), dict[str, MediaRecord | None]()
    for key, record in changes:
        catalog.note(key, record)
        kept[key] = record

    for tenant in ("t", "u", "v"):
        its = [each.size_bytes for each in kept.values() if each is not None and each.tenant_id == tenant]
        assert catalog.size(tenant) == sum(its)
