"""What a media's record takes of what callers give."""

import pytest

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.media_fields import SETTABLE, take
from services.common.errors import AppError


def test_fields_are_taken_and_given_back() -> None:
    """One that is named and not given goes back to its default."""
    given = Media(
        name="n", creator="c", require_signed_urls=True, allowed_origins=["a.example"], thumbnail_position=0.5
    )
    given.scheduled_delete_time.FromMicroseconds(7)
    given.metadata["k"] = "v"
    record = MediaRecord()

    take(record, given, frozenset(SETTABLE))
    assert (record.name, record.creator, record.scheduled_delete_time_us) == ("n", "c", 7)
    assert (record.access.require_signed_urls, list(record.access.allowed_origins)) == (True, ["a.example"])
    assert (record.thumbnail_position, dict(record.metadata)) == (0.5, {"k": "v"})
    take(record, Media(), frozenset(SETTABLE))

    record.ClearField("access")
    assert record == MediaRecord()


def test_site_that_is_none_is_refused_by_name() -> None:
    """As of livestreams."""
    with pytest.raises(AppError) as caught:
        take(MediaRecord(), Media(allowed_origins=["a b"]), frozenset({"allowed_origins"}))

    assert caught.value.field == "media.allowedOrigins"
