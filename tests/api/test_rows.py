"""What lists know of records."""

from headwater.internal.v1.records_pb2 import BroadcastRecord, LivestreamRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.rows import broadcast_columns, livestream_columns, media_columns, value_of


def test_rows_have_what_records_say_and_defaults_where_they_are_silent() -> None:
    """Tenant and app of before there were any are the first ones."""
    livestream = livestream_columns(["l"], [LivestreamRecord(name="ÄB", create_time_us=5, delete_time_us=1)]).rows()[0]
    ready = MediaRecord(tenant_id="t", app_id="a", state=Media.READY, ready_time_us=7, duration_us=3)
    media = media_columns(["m"], [ready]).rows()[0]
    broadcast = broadcast_columns(["b"], [BroadcastRecord(start_time_us=9)]).rows()[0]

    assert (livestream.tenant, livestream.app, livestream.name, livestream.is_deleted) == (
        "default",
        "default",
        "ÄB",
        True,
    )
    assert (media.tenant, media.app, media.state, media.update_time, media.duration) == ("t", "a", Media.READY, 7, 3)
    assert (broadcast.create_time, broadcast.is_deleted) == (9, False)


def test_deleted_media_is_in_that_state() -> None:
    """So that one may ask for it."""
    assert media_columns(["m"], [MediaRecord(state=Media.READY, delete_time_us=1)]).states == [Media.DELETED]


def test_value_is_that_of_the_field() -> None:
    """Of a name its beginning."""
    row = livestream_columns(["l"], [LivestreamRecord(name="x" * 100, update_time_us=4)]).rows()[0]

    assert (value_of("name")(row), value_of("update_time")(row)) == ("x" * 64, 4)
