"""What a record takes of what callers give."""

import pytest

from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.v1.livestreams_pb2 import Livestream, Recording
from headwater.v1.outputs_pb2 import Output
from services.api import output
from services.api.livestream_fields import SETTABLE, WINDOW_MS, check_origin, fresh, take
from services.common.errors import AppError


def taken(given: Livestream, *fields: str, record: LivestreamRecord | None = None) -> LivestreamRecord:
    record = record or fresh(5)
    take(record, given, frozenset(fields), 9)
    return record


def test_field_that_is_named_and_not_given_is_its_default() -> None:
    """Of switches that are on where nothing is said, on."""
    record = taken(
        Livestream(enabled=False, dvr=False, low_latency=False, single_use=True, publish_gate=True),
        *("enabled", "dvr", "low_latency", "single_use", "publish_gate"),
    )
    assert (record.is_disabled, record.has_no_dvr, record.has_no_low_latency) == (True, True, True)
    assert (record.is_single_use, record.rules.is_gated) == (True, True)

    taken(Livestream(), *(each for each in SETTABLE if "recording" not in each), record=record)

    assert (record.is_disabled, record.has_no_dvr, record.is_single_use, record.rules.is_gated) == (False,) * 4
    assert (record.start, record.rules.reconnect_window_ms) == (Livestream.AUTOMATIC, WINDOW_MS)
    assert output.has_output(record, Output.ARCHIVE)


def test_recording_is_taken_field_by_field() -> None:
    """What is not given stays, and a mask takes one away."""
    first = Livestream(recording=Recording(retention_days=40, require_signed_urls=True, allowed_origins=["a.example"]))
    record = taken(first, "recording")
    taken(Livestream(recording=Recording(hide_viewer_count=True)), "recording", record=record)
    assert (record.recording.retention_days, record.recording.hide_viewer_count) == (40, True)

    taken(Livestream(recording=Recording(retention_days=0)), "recording", record=record)
    taken(Livestream(), "recording.allowed_origins", record=record)

    assert (record.recording.retention_days, list(record.recording.allowed_origins)) == (0, [])
    assert record.recording.require_signed_urls


def test_mode_switches_both_outputs_and_record_one() -> None:
    """Named together, the single one decides."""
    off = Livestream(recording=Recording(mode=Recording.OFF), record=True)

    assert [each.type for each in taken(off, "recording", "record").outputs] == [Output.ARCHIVE]


@pytest.mark.parametrize("origin", ["example.com", "*.example.com", "localhost:3000", "a-b.example", "127.0.0.1:80"])
def test_site_is_a_host_name(origin: str) -> None:
    """With all below it, or a port."""
    check_origin(origin)


@pytest.mark.parametrize(
    "origin", ["https://a.example", "a.example/x", "*", "*.", "a..b", "a:0", "a:x", "a_b:70000", ""]
)
def test_what_is_no_host_name_is_refused(origin: str) -> None:
    """By the field's name."""
    with pytest.raises(AppError) as caught:
        check_origin(origin)

    assert caught.value.field == "livestream.recording.allowedOrigins"
