"""Field masks, fields present, and etags."""

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.livestreams_pb2 import Livestream
from services.api.changes import changed_fields, check_etag
from services.api.repository import Stored
from services.common.errors import AppError, Kind

SETTABLE = ("name", "record")
STORED = Stored("k", MediaRecord(), 17)


def test_without_a_mask_the_fields_present_change() -> None:
    """Those that people may not set are passed over, so that what was read can be sent back."""
    assert changed_fields(Livestream(id="x", record=False), None, SETTABLE) == {"record"}


def test_what_is_known_to_be_emptied_changes_without_a_mask() -> None:
    """Among what people may set; a mask alone decides where there is one."""
    assert changed_fields(Livestream(record=True), None, SETTABLE, {"name", "state"}) == {"name", "record"}
    assert changed_fields(Livestream(), FieldMask(paths=["record"]), SETTABLE, {"name"}) == {"record"}


def test_mask_names_what_changes_even_if_it_is_empty() -> None:
    """A field of the mask that the body lacks goes back to its default."""
    assert changed_fields(Livestream(record=True), FieldMask(paths=["name"]), SETTABLE) == {"name"}
    assert changed_fields(Livestream(), FieldMask(paths=["*"]), SETTABLE) == set(SETTABLE)


def test_mask_with_a_field_that_nobody_may_set_is_refused() -> None:
    """The error names the mask."""
    with pytest.raises(AppError) as caught:
        changed_fields(Livestream(), FieldMask(paths=["state"]), SETTABLE)

    assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "updateMask")


@pytest.mark.parametrize("etag", ["", "17", '"17"'])
def test_etag_of_the_version_there_is_passes(etag: str) -> None:
    """With or without quotes; none asks for none."""
    check_etag(STORED, etag)
    assert STORED.revision == 17


def test_etag_of_another_version_is_a_conflict() -> None:
    """Nobody's change is written over unseen."""
    with pytest.raises(AppError) as caught:
        check_etag(STORED, "16")

    assert caught.value.kind is Kind.CONFLICT
