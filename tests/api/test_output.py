"""Outputs of a record: defaults, switches, limits, targets."""

import pytest

from headwater.internal.v1.onair_pb2 import Rules
from headwater.internal.v1.records_pb2 import LivestreamRecord, OutputRecord
from headwater.v1.outputs_pb2 import Output
from services.api import output
from services.common.errors import AppError, Kind


def kinds(record: LivestreamRecord) -> list[int]:
    return [each.type for each in output.outputs_of(record)]


def test_record_of_before_there_were_outputs_has_those_it_implies() -> None:
    """With the same ids at every look."""
    old = LivestreamRecord(id="l", create_time_us=5, rules=Rules(record=True))

    assert kinds(old) == [Output.HLS, Output.ARCHIVE]
    assert kinds(LivestreamRecord(id="l")) == [Output.HLS]
    assert [each.id for each in output.outputs_of(old)] == [each.id for each in output.outputs_of(old)]


def test_switch_makes_what_is_missing_and_keeps_what_is_there() -> None:
    """Rules follow the outputs."""
    record = LivestreamRecord(id="l")
    output.put_outputs(record, [OutputRecord(id="s", type=Output.SIMULCAST)])
    assert (record.rules.record, record.rules.is_hidden) == (False, True)

    for _ in range(2):
        output.switch(record, Output.HLS, 1, is_on=True)
        output.switch(record, Output.ARCHIVE, 1, is_on=True)
    assert kinds(record) == [Output.SIMULCAST, Output.HLS, Output.ARCHIVE]
    output.switch(record, Output.HLS, 1, is_on=False)

    assert (record.rules.record, record.rules.is_hidden) == (True, True)


@pytest.mark.parametrize(
    "url", ["rtmp://a.example/live", "rtmps://a.example:443/app", "srt://10.0.0.1:9000?mode=caller"]
)
def test_address_of_a_platform_is_taken(url: str) -> None:
    """Whether it may be connected to is another question."""
    output.check_target(url)


@pytest.mark.parametrize(
    "url", ["", "http://a.example", "rtmp:///live", "rtmp://a:99999/", "rtmp://u:p@a.example/x", "rtmp://a/\n", "//a/b"]
)
def test_what_is_no_address_is_refused_by_name(url: str) -> None:
    """The field is `output.url`."""
    with pytest.raises(AppError) as caught:
        output.check_target(url)

    assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "output.url")


def test_room_is_for_one_of_the_lasting_and_fifty_of_the_others() -> None:
    """One more is refused."""
    record = LivestreamRecord(id="l")
    full = [OutputRecord(id=str(number), type=Output.SIMULCAST) for number in range(output.SIMULCAST_LIMIT)]
    output.put_outputs(record, [OutputRecord(id="h", type=Output.HLS), *full])

    output.check_room(record, Output.ARCHIVE)
    for kind, wanted in ((Output.HLS, Kind.CONFLICT), (Output.SIMULCAST, Kind.FAILED_PRECONDITION)):
        with pytest.raises(AppError) as caught:
            output.check_room(record, kind)
        assert caught.value.kind is wanted
