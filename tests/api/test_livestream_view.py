"""What is shown of a livestream's settings, outputs and other protocols."""

from headwater.internal.v1.onair_pb2 import Rules
from headwater.internal.v1.records_pb2 import CredentialRecord, LivestreamRecord, OutputRecord
from headwater.v1.livestreams_pb2 import Input, Recording
from headwater.v1.outputs_pb2 import Output
from services.api import broadcast, output
from services.api.livestream_view import Sight, livestream, publish_time_us
from services.api.repository import Stored
from services.api.urls import Urls
from tests.api.stories import BROADCAST, LIVESTREAM, START_US

SIGHT = Sight(Urls("rtmp://h/live", "http://h"), START_US)


def record_of(*outputs: OutputRecord) -> LivestreamRecord:
    record = LivestreamRecord(id=LIVESTREAM, rules=Rules(max_run_time_ms=5_000, is_gated=True))
    output.put_outputs(record, list(outputs))
    return record


def test_livestream_without_playback_shows_no_playlist() -> None:
    """A relay: no recording, nothing to watch."""
    shown = livestream(Stored(LIVESTREAM, record_of(), 1), None, SIGHT)

    assert (list(shown.playouts), shown.record, shown.recording.mode) == ([], False, Recording.OFF)
    assert not shown.recording.HasField("retention_days")


def test_settings_are_shown_as_they_hold() -> None:
    """What is on where nothing is said is shown as on."""
    shown = livestream(Stored(LIVESTREAM, record_of(), 1), None, SIGHT)

    assert (shown.enabled, shown.dvr, shown.low_latency, shown.publish_gate) == (True, True, True, True)
    assert (shown.max_run_time.ToSeconds(), shown.tenant_id, shown.app_id) == (5, "default", "default")


def test_target_is_shown_and_its_key_only_to_those_who_may_see_it() -> None:
    """A read token gets none."""
    record = record_of(OutputRecord(id="o", type=Output.SIMULCAST, url="rtmp://x", sealed_stream_key=b"s"))
    seeing = Sight(SIGHT.urls, START_US, open_output=lambda _output: "open")

    hidden, seen = (livestream(Stored(LIVESTREAM, record, 1), None, sight).outputs[0] for sight in (SIGHT, seeing))

    assert (hidden.url, hidden.HasField("stream_key"), hidden.state) == ("rtmp://x", False, Output.DISCONNECTED)
    assert seen.stream_key == "open"


def test_other_protocols_come_after_rtmp() -> None:
    """As whoever keeps their credentials shows them."""
    record = record_of()
    record.credentials.append(CredentialRecord(protocol="srt"))
    sight = Sight(SIGHT.urls, START_US, inputs=lambda _id, kept: [Input(protocol=each.protocol) for each in kept])

    assert [each.protocol for each in livestream(Stored(LIVESTREAM, record, 1), None, sight).inputs] == ["srt"]


def test_broadcast_without_a_gate_is_published_from_its_beginning() -> None:
    """With one, from the order on."""
    usual = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True)
    gated = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True, is_gated=True)

    assert (publish_time_us(usual), publish_time_us(gated)) == (START_US, 0)
