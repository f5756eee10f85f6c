"""services.ingest.rtmp.intake: encoders as they are, each oddity of the field once, through a whole session"""

import pytest

from services.common.media.unit import Track
from services.ingest.rtmp import amf0, messages
from services.ingest.rtmp.events import CodecRefused
from services.ingest.rtmp.messages import Message, MessageType
from tests.clients.rtmp_client import COMMAND, CONTROL, MEDIA, Publisher
from tests.ingest.rtmp.pair import Pair
from tests.ingest.rtmp.samples import (
    AAC_RECORD,
    AVC_RECORD,
    PPS,
    RECOVERY_LATER,
    RECOVERY_NOW,
    SPS,
    idr,
    picture,
    unit,
)
from tests.ingest.rtmp.test_messages import tag

VIDEO, AUDIO = MessageType.VIDEO, MessageType.AUDIO
NEW_RECORD = AVC_RECORD.replace(SPS, b"\x67\x64\x00\x28\xac")


def on_air(*, sound: bool = True, sight: bool = True) -> Pair:
    pair = Pair().run()
    if sight:
        pair.publisher.send_video_config(0, AVC_RECORD)
    if sound:
        pair.publisher.send_audio_config(0, AAC_RECORD)
    return pair.run()


def send(pair: Pair, kind: int, stamp: int, body: bytes) -> Pair:
    pair.publisher.send(Message(kind, 1, stamp, body))
    return pair.run()


def test_empty_messages_and_what_is_no_picture_are_nothing() -> None:
    """Zero-length messages, command frames and ends of sequence give no unit, no warning, no end."""
    pair = on_air()
    for kind, body in ((VIDEO, b""), (AUDIO, b""), (VIDEO, b"\x57\x00"), (VIDEO, b"\x17\x02\x00\x00\x00")):
        send(pair, kind, 0, body)
    send(pair, VIDEO, 0, b"\x17\x01\x00\x00\x00")
    send(pair, AUDIO, 0, b"\xaf\x01")
    assert (pair.units, pair.warnings, pair.closed) == ([], [], None)


def test_repeated_configs_are_told_once_and_a_new_one_before_its_unit() -> None:
    """A sequence header before every keyframe is one config; a changed one comes before the next unit."""
    pair = on_air()
    for stamp in (0, 2000):
        pair.publisher.send_video_config(stamp, AVC_RECORD)
        pair.publisher.send_video(stamp, idr(), is_key=True)
    pair.publisher.send_video_config(4000, NEW_RECORD)
    pair.publisher.send_video(4000, idr(), is_key=True)
    pair.run()
    assert pair.records == [AVC_RECORD, AAC_RECORD, NEW_RECORD]
    assert type(pair.events[-2]).__name__ == "ConfigReceived"
    assert len(pair.units) == 3


def test_new_picture_waits_for_its_keyframe() -> None:
    """After a changed configuration pictures that refer to the old ones are dropped, and told."""
    pair = on_air()
    pair.publisher.send_video(0, idr(), is_key=True)
    pair.publisher.send_video_config(33, NEW_RECORD)
    pair.publisher.send_video(33, picture(), is_key=False)
    pair.publisher.send_video(66, idr(), is_key=True)
    pair.run()
    assert [u.dts for u in pair.units] == [0, 66 * 90]
    assert pair.warnings == ["video is dropped until a keyframe (IDR) comes"]


def test_media_before_its_config_or_keyframe_is_dropped_and_told_once() -> None:
    """What nobody could decode is not carried on; each reason is one warning."""
    pair = on_air(sound=False, sight=False)
    for stamp in (0, 33, 66):
        pair.publisher.send_video(stamp, idr(), is_key=True)
        pair.publisher.send_audio(stamp, b"sound")
    pair.publisher.send_video_config(99, AVC_RECORD)
    pair.publisher.send_video(99, picture(), is_key=False)
    pair.publisher.send_video(132, picture(), is_key=True)
    pair.run()
    assert pair.units == []
    assert len(pair.warnings) == 3
    assert pair.session.media.dropped_units == 8


@pytest.mark.parametrize(
    ("access_unit", "is_flagged", "is_key"),
    [
        (idr(), False, True),
        (unit(SPS, PPS, b"\x65\x88"), False, True),
        (picture(), True, False),
        (unit(RECOVERY_NOW, b"\x41\x88"), True, True),
        (unit(RECOVERY_LATER, b"\x41\x88"), True, False),
    ],
)
def test_keyframes_by_their_nal_units(access_unit: bytes, is_flagged: bool, is_key: bool) -> None:
    """The flag alone makes no keyframe, and its absence hides none."""
    pair = on_air()
    pair.publisher.send_video(0, idr(), is_key=True)
    pair.publisher.send_video(33, access_unit, is_key=is_flagged)
    assert pair.run().units[1].is_key is is_key


def test_sound_alone_and_sight_alone_work() -> None:
    """A missing track is missing, not waited for."""
    pair = on_air(sight=False)
    pair.publisher.send_audio(0, b"sound")
    assert [u.track for u in pair.run().units] == [Track.AUDIO]
    pair = on_air(sound=False)
    pair.publisher.send_video(0, idr(), is_key=True)
    assert [u.track for u in pair.run().units] == [Track.VIDEO]


def test_picture_in_a_foreign_codec_is_refused_in_words() -> None:
    """HEVC with AAC would else go on as sound alone, and its owner would look for the fault on his own side."""
    pair = on_air(sight=False)
    pair.publisher.send_audio(0, b"sound")
    send(pair, VIDEO, 0, b"\x1c\x01\x00\x00\x00hevc")
    pair.run()
    assert pair.closed is not None
    assert pair.closed.reason == "HEVC (codec id 12) video is not supported: send H.264"
    assert pair.of(CodecRefused) == [CodecRefused(Track.VIDEO, "HEVC (codec id 12)", pair.closed.reason)]


def test_sound_in_a_foreign_codec_is_told_and_the_picture_goes_on() -> None:
    """A picture without sound is seen at once for what it is."""
    pair = on_air(sound=False)
    for _ in range(3):
        send(pair, AUDIO, 0, b"\x2fmp3")
    pair.publisher.send_video(0, idr(), is_key=True)
    assert len(pair.run().units) == 1
    assert pair.warnings == ["MP3 audio is not supported and is ignored: send H.264 and AAC"]


def test_sound_in_a_foreign_codec_is_refused_where_that_is_wished() -> None:
    """The event names the codec, and is told before the end."""
    pair = Pair(answer=lambda session, _: session.accept(refuses_sound=True)).run()
    send(pair, AUDIO, 0, b"\x2fmp3")
    assert pair.closed is not None
    assert pair.closed.reason == "MP3 audio is not supported: send AAC"
    assert pair.of(CodecRefused) == [CodecRefused(Track.AUDIO, "MP3", pair.closed.reason)]


def test_foreign_sound_beside_aac_is_told_and_goes_unheard() -> None:
    """There is something to hear."""
    pair = Pair(answer=lambda session, _: session.accept(refuses_sound=True)).run()
    pair.publisher.send_audio_config(0, AAC_RECORD)
    send(pair, AUDIO, 0, b"\x2fmp3")
    assert pair.closed is None
    assert pair.warnings == ["MP3 audio is not supported and is ignored: send H.264 and AAC"]


ELD_RECORD = b"\xf8\xe6\x40\x00"


def test_other_mpeg4_codec_under_the_name_of_aac_is_refused_in_words() -> None:
    """ELD and USAC are told from AAC by the configuration alone; nobody downstream could say so to the encoder."""
    pair = Pair(answer=lambda session, _: session.accept(refuses_sound=True)).run()
    pair.publisher.send_audio_config(0, ELD_RECORD)
    pair.run()
    assert pair.closed is not None
    assert pair.closed.reason == "MPEG-4 object type 39 audio is not supported: send AAC"
    assert pair.of(CodecRefused) == [CodecRefused(Track.AUDIO, "MPEG-4 object type 39", pair.closed.reason)]


def test_other_mpeg4_codec_goes_unheard_where_that_is_wished() -> None:
    """Also behind AAC; what comes after its configuration is no frame of the one before."""
    pair = on_air()
    pair.publisher.send_audio(0, b"aac")
    pair.publisher.send_audio_config(20, ELD_RECORD)
    pair.publisher.send_audio(20, b"eld")
    pair.publisher.send_audio_config(40, AAC_RECORD)
    pair.publisher.send_audio(40, b"aac")
    pair.run()
    assert pair.closed is None
    assert [(u.dts, u.payload) for u in pair.units] == [(0, b"aac"), (3600, b"aac")]
    assert pair.warnings[0] == "MPEG-4 object type 39 audio is not supported and is ignored: send H.264 and AAC"


@pytest.mark.parametrize("record", [b"", b"\x00\x00", b"\xff\xff\xff", b"\x17\x10"])
def test_configuration_of_sound_that_is_none_is_told_and_a_good_one_is_waited_for(record: bytes) -> None:
    """Cut short, all zeros, reserved values: encoders send such before they know better."""
    pair = Pair(answer=lambda session, _: session.accept(refuses_sound=True)).run()
    pair.publisher.send_audio_config(0, record)
    pair.publisher.send_audio_config(0, AAC_RECORD)
    pair.publisher.send_audio(0, b"aac")
    pair.run()
    assert pair.closed is None
    assert len(pair.warnings) == 1
    assert [u.payload for u in pair.units] == [b"aac"]


def test_enhanced_avc1_and_mp4a_are_units_like_any() -> None:
    """FourCC packets, with and without composition time, behind ModEx too."""
    pair = on_air(sound=False, sight=False)
    send(pair, VIDEO, 0, b"\x90avc1" + AVC_RECORD)
    send(pair, AUDIO, 0, b"\x90mp4a" + AAC_RECORD)
    send(pair, VIDEO, 10, b"\x91avc1\x00\x00\x05" + idr())
    send(pair, VIDEO, 20, b"\x97\x02\x00\x00\x64\x03avc1" + picture())
    send(pair, AUDIO, 30, b"\x91mp4asound")
    assert pair.records == [AVC_RECORD, AAC_RECORD]
    assert [(u.dts, u.cts, u.payload) for u in pair.units] == [
        (900, 450, idr()),
        (1800, 0, picture()),
        (2700, 0, b"sound"),
    ]


def test_negative_composition_time_is_cut_off_and_told() -> None:
    """A picture cannot be shown before it is decoded."""
    pair = on_air()
    for stamp in (0, 33):
        pair.publisher.send_video(stamp, idr(), is_key=True, cts_ms=-40)
    pair.run()
    assert [u.cts for u in pair.units] == [0, 0]
    assert len(pair.warnings) == 1


def test_broken_access_unit_is_dropped_and_the_stream_goes_on() -> None:
    """Start codes where lengths belong give a warning with the reason."""
    pair = on_air()
    pair.publisher.send_video(0, b"\x00\x00\x00\x01\x65\x88\x84", is_key=True)
    pair.publisher.send_video(33, idr(), is_key=True)
    assert [u.dts for u in pair.run().units] == [33 * 90]
    assert "start codes" in pair.warnings[0]


def test_unusable_config_is_told() -> None:
    """Configurations no decoder could use are not passed on."""
    pair = on_air(sound=False, sight=False)
    pair.publisher.send_video_config(0, b"\x01\x64\x00\x1f\xff\xe0\x00")
    pair.publisher.send_audio_config(0, b"\x12")
    pair.run()
    assert pair.records == []
    assert len(pair.warnings) == 2


def test_aggregate_messages_are_units_with_their_own_times() -> None:
    """FMS-style aggregates give picture and sound with their distances kept."""
    pair = on_air()
    body = tag(9, 5000, b"\x17\x01\x00\x00\x00" + idr()) + tag(8, 5021, b"\xaf\x01sound") + tag(18, 5021, b"\x05")
    send(pair, MessageType.AGGREGATE, 700, body)
    assert [(u.track, u.dts) for u in pair.units] == [(Track.VIDEO, 700 * 90), (Track.AUDIO, 721 * 90)]


def test_amf3_commands_and_data_are_read() -> None:
    """An encoder of objectEncoding 3 sends types 17 and 15, AMF0 behind a zero byte."""
    pair = on_air()
    pair.publisher.commands.clear()
    body = b"\x00" + amf0.render("getStreamLength", 9.0, None, "key")
    pair.publisher.send(Message(MessageType.COMMAND_AMF3, 0, 0, body), COMMAND)
    body = b"\x00" + amf0.render("onMetaData", {"width": 640.0})
    pair.publisher.send(Message(MessageType.DATA_AMF3, 1, 0, body), MEDIA)
    pair.run()
    assert pair.publisher.commands[0].name == "_result"
    assert type(pair.events[-1]).__name__ == "MetadataReceived"


def test_chunk_size_change_and_abort_in_mid_stream() -> None:
    """The encoder changes its chunk size on air and gives up a picture half sent."""
    pair = on_air()
    pair.publisher.send_video(0, idr(b"\x88" * 9000), is_key=True)
    pair.publisher.send(messages.set_chunk_size(60_000), CONTROL)
    pair.publisher.send_video(33, idr(b"\x88" * 50_000), is_key=True)
    pair.publisher.send_raw(b"\x09" + bytes(3) + (70_000).to_bytes(3, "big") + b"\x09\x01\x00\x00\x00" + bytes(60_000))
    pair.publisher.send(Message(MessageType.ABORT, 0, 0, (9).to_bytes(4, "big")), CONTROL)
    pair.publisher.send_video(66, idr(b"\x88" * 50_000), is_key=True)
    assert [len(u.payload) > 9000 for u in pair.run().units] == [True] * 3


def test_clock_that_jumps_is_mended_and_told() -> None:
    """An encoder that loops its file goes on in time, with one warning and a count."""
    pair = on_air()
    for start in (100_000, 0, 0):
        for stamp in range(start, start + 2000, 40):
            pair.publisher.send_video(stamp, idr(), is_key=True)
            pair.publisher.send_audio(stamp, b"sound")
    pair.run()
    stamps = [u.dts for u in pair.units if u.track is Track.VIDEO]
    assert stamps == list(range(100_000 * 90, 106_000 * 90, 40 * 90))
    assert pair.warnings == ["timestamps jump and are made continuous"]
    assert pair.session.media.jumps == 2


def test_sound_whose_clock_leaps_alone_stays_beside_its_picture() -> None:
    """A sound card that starts anew is told of and counted, and none of its sound is lost."""
    pair = on_air()
    for stamp in range(0, 6000, 40):
        pair.publisher.send_video(stamp, idr(), is_key=True)
        pair.publisher.send_audio(stamp + (5000 if stamp >= 2000 else 0), b"sound")
    pair.run()
    stamps = {track: [u.dts for u in pair.units if u.track is track] for track in Track}
    assert stamps[Track.AUDIO] == stamps[Track.VIDEO] == list(range(0, 6000 * 90, 40 * 90))
    assert pair.warnings == ["timestamps jump and are made continuous"]
    assert pair.session.media.jumps == 1


@pytest.mark.parametrize("end", ["config", "unpublish", "eof"])
def test_what_is_held_after_a_pause_comes_before_what_ends_it(end: str) -> None:
    """A new configuration, a goodbye and the end of the connection come behind the units sent before them."""
    pair = on_air()
    for stamp in (0, 40, 5000, 5040):
        pair.publisher.send_video(stamp, idr(), is_key=True)
        if stamp < 5000:
            pair.publisher.send_audio(stamp, b"sound")
    assert [u.dts for u in pair.run().units if u.track is Track.VIDEO] == [0, 3600]
    if end == "config":
        pair.publisher.send_video_config(5080, NEW_RECORD)
    elif end == "unpublish":
        pair.publisher.send_command("deleteStream", 9.0, None, 1.0)
    else:
        pair.session.receive_eof()
    pair.run().drain()
    found = [type(event).__name__ for event in pair.events]
    assert [u.dts for u in pair.units if u.track is Track.VIDEO] == [0, 3600, 450_000, 453_600]
    assert found[-3:-1] == ["Unit", "Unit"]
    assert found[-1] == {"config": "ConfigReceived", "unpublish": "Unpublished", "eof": "Closed"}[end]


def test_encoder_whose_stamps_are_all_0_is_told_and_closed() -> None:
    """After some seconds of it, in words that it can show and that its history keeps."""
    pair = on_air()
    for _ in range(400):
        pair.publisher.send_video(0, idr(), is_key=True)
        pair.publisher.send_audio(0, b"sound")
    pair.run()
    reason = "the timestamps do not advance: 300 video frames are all stamped 0 ms"
    assert pair.closed is not None
    assert (pair.closed.reason, pair.closed.fault) == (reason, "peer")
    assert reason in str(pair.publisher.statuses)


def test_unpublish_of_another_stream_is_not_ours() -> None:
    """DeleteStream of an id that does not publish changes nothing."""
    pair = on_air()
    pair.publisher.send_command("deleteStream", 9.0, None, 7.0)
    pair.publisher.send_video(0, idr(), is_key=True)
    assert len(pair.run().units) == 1


def test_encoder_with_connect_repeated_goes_on() -> None:
    """A second connect before publish replaces the first."""
    publisher = Publisher(connect={"flashVer": "Wirecast"})
    pair = Pair(publisher, answer=lambda *_: None)
    pair.session.receive_data(bytes(1537 + 1536), 0.0)
    writer = Publisher().writer
    for app in ("one", "two"):
        pair.session.receive_data(writer.write(COMMAND, messages.command("connect", 1.0, {"app": app})), 0.0)
    pair.session.receive_data(writer.write(COMMAND, messages.command("publish", 0.0, None, "key")), 0.0)
    pair.drain()
    assert pair.events[0].app == "two"  # type: ignore[union-attr]  # PublishRequested


def test_configuration_of_absurd_size_is_refused_and_the_last_one_holds() -> None:
    """It would be written again before every key frame, above what a message of the log may hold."""
    pair = on_air()
    pair.publisher.send_audio_config(0, AAC_RECORD + bytes(20_000))
    pair.publisher.send_video(0, idr(), is_key=True)
    pair.run()
    assert pair.records == [AVC_RECORD, AAC_RECORD]
    assert pair.warnings == ["dropped: a configuration of 20002 bytes; at most 16384 are taken"]
    assert len(pair.units) == 1
