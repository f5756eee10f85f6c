"""Public messages out of records."""

from headwater.internal.v1.onair_pb2 import DownloadJob, Rules
from headwater.internal.v1.records_pb2 import InputKey, LivestreamRecord, MediaRecord
from headwater.v1.livestreams_pb2 import Livestream
from headwater.v1.media_pb2 import Download
from services.api import broadcast, livestream_view, view
from services.api.repository import Stored
from services.api.standing import standing_of
from tests.api.stories import BROADCAST, LIVESTREAM, SECOND_US, START_US, broadcast_facts

URLS = view.Urls("rtmp://h:1935/live", "http://h:8088")
RECORD = LivestreamRecord(
    id=LIVESTREAM,
    create_time_us=START_US - SECOND_US,
    rules=Rules(reconnect_window_ms=90_000, record=True),
    input_keys=[InputKey(instance="primary", sealed_key=b"s"), InputKey(instance="secondary", sealed_key=b"t")],
)
FACTS = broadcast_facts()


def shown(facts: int, *, sees_keys: bool = True) -> Livestream:
    newest = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True)
    for each in FACTS[:facts]:
        broadcast.note_fact(newest, each)
    open_key = (lambda key: f"open {key.sealed_key.decode()}") if sees_keys else None
    sight = livestream_view.Sight(URLS, START_US, open_key)
    return livestream_view.livestream(Stored(LIVESTREAM, RECORD, 4), newest, sight)


def test_livestream_on_air_shows_its_broadcast_source_and_encoder() -> None:
    """State, time and reason are the broadcast's."""
    livestream = shown(3)

    assert (livestream.state, livestream.broadcast_id) == (Livestream.LIVE, BROADCAST)
    assert livestream.source_instance == "primary"
    assert [each.is_connected for each in livestream.inputs] == [True, False]
    assert livestream.etag == "4"


def test_livestream_after_its_broadcast_is_idle_with_the_reason_of_the_end() -> None:
    """Nobody is connected, and no instance is the source."""
    livestream = shown(len(FACTS))

    assert (livestream.state, livestream.state_reason) == (Livestream.IDLE, "reconnect-window")
    assert (livestream.source_instance, livestream.inputs[0].is_connected) == ("", False)


def test_reader_does_not_see_stream_keys() -> None:
    """They are left out rather than empty; URLs stay."""
    keys = [each.HasField("stream_key") for each in shown(0, sees_keys=False).inputs]

    assert keys == [False, False]
    assert [each.stream_key for each in shown(0).inputs] == ["open s", "open t"]


def test_showing_a_livestream_leaves_its_record_alone() -> None:
    """A look-up in a map of messages must not add to it."""
    newest = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=True)
    livestream_view.livestream(Stored(LIVESTREAM, RECORD, 4), newest, livestream_view.Sight(URLS, START_US))

    assert not newest.encoders


def test_activation_after_the_last_broadcast_counts_and_an_older_one_does_not() -> None:
    """An order arms it for the next broadcast, not for the one that has been."""
    ended = broadcast.begin(BROADCAST, LIVESTREAM, START_US, is_recorded=False)
    broadcast.note_fact(ended, FACTS[10])
    later, earlier = LivestreamRecord(), LivestreamRecord()
    for record, armed in ((later, 200), (earlier, -1)):
        record.CopyFrom(RECORD)
        record.armed_time_us = START_US + armed * SECOND_US

    now_us = START_US + 201 * SECOND_US
    assert standing_of(later, ended, now_us).state == Livestream.ACTIVE
    assert standing_of(earlier, ended, now_us).state == Livestream.IDLE


def test_recording_shows_its_files_with_address_only_when_ready() -> None:
    """A file that is being made has a percentage instead."""
    jobs = [
        DownloadJob(media_id=BROADCAST, format="MP4", state=DownloadJob.RUNNING, percent=40),
        DownloadJob(media_id=BROADCAST, format="M4A", state=DownloadJob.READY, percent=99),
    ]

    media = view.media(Stored(BROADCAST, MediaRecord(id=BROADCAST, duration_us=1_500_000), 1), jobs, URLS)

    mp4, m4a = media.downloads
    assert (mp4.state, mp4.percent, mp4.url) == (Download.IN_PROGRESS, 40, "")
    assert (m4a.state, m4a.percent, m4a.url) == (Download.READY, 100, f"http://h:8088/{BROADCAST}/download/m4a")
    assert media.duration.ToMilliseconds() == 1500
