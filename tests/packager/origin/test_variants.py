"""Renditions become one variant, whichever there are."""

import pytest

from headwater.internal.v1.cmaf_pb2 import Rendition
from headwater.internal.v1.protection_pb2 import CaptionTrack
from services.packager.hls.parse import parse_multivariant
from services.packager.hls.render import render_multivariant
from services.packager.origin.variants import multivariant
from tests.clients.hls_rules import check_playlist

VIDEO = Rendition(
    name="video",
    kind=Rendition.VIDEO,
    codecs="avc1.42C01F",
    width=1280,
    height=720,
    frame_rate=29.97,
    peak_bandwidth=4_000_001,
    average_bandwidth=3_500_000,
)
AUDIO = Rendition(
    name="audio",
    kind=Rendition.AUDIO,
    codecs="mp4a.40.2",
    channels=1,
    peak_bandwidth=128_000,
    average_bandwidth=127_500,
)


def test_picture_and_sound_are_a_variant_and_a_group() -> None:
    """Both rates and both codecs are the variant's; the rate is rounded up."""
    made = multivariant([AUDIO, VIDEO], "../b/")

    (variant,), (sound,) = made.variants, made.audio
    assert (variant.bandwidth, variant.average_bandwidth) == (4_129_000, 3_628_000)
    assert variant.codecs == ("avc1.42C01F", "mp4a.40.2")
    assert (variant.uri, variant.audio) == ("../b/video.m3u8", sound.group_id)
    assert (sound.uri, sound.channels) == ("../b/audio.m3u8", "1")


def test_text_tracks_are_a_group_whose_names_differ() -> None:
    """Two of one language are told apart by their tags."""
    labels = {"de": "Deutsch", "pt": "Português", "pt-BR": "Português"}
    tracks = [CaptionTrack(language=each, label=label) for each, label in labels.items()]
    made = multivariant([VIDEO], "../b/", tracks)

    assert [each.name for each in made.subtitles] == ["Deutsch", "Português (pt)", "Português (pt-BR)"]
    assert made.subtitles[2].uri == "../b/captions/pt-BR.m3u8"
    assert {each.group_id for each in made.subtitles} == {made.variants[0].subtitles}


@pytest.mark.parametrize("is_young", [False, True])
def test_closed_captions_are_announced_while_nobody_can_look_for_them(is_young: bool) -> None:
    """Later players look into the picture, and nothing is said of it; sound alone has none."""
    made = multivariant([AUDIO, VIDEO], "", is_young=is_young)

    assert [each.instream_id for each in made.closed_captions] == ["CC1"] * is_young
    assert (made.variants[0].closed_captions == "cc") == is_young
    assert multivariant([AUDIO], "", is_young=is_young).closed_captions == ()
    assert check_playlist(render_multivariant(made).decode()) == []
    assert parse_multivariant(render_multivariant(made).decode()) == made


@pytest.mark.parametrize("only", [VIDEO, AUDIO], ids=["video", "audio"])
def test_one_rendition_alone_is_the_variant(only: Rendition) -> None:
    """There is no group then, and sound alone has no resolution."""
    made = multivariant([only], "")

    (variant,) = made.variants
    assert variant.uri == f"{only.name}.m3u8"
    assert made.audio == ()
    assert (variant.resolution is None) == (only is AUDIO)


def test_rate_of_the_open_segment_stands_in_for_a_peak() -> None:
    """Until a segment is closed there is no measured peak."""
    opening = Rendition(name="video", kind=Rendition.VIDEO, timescale=90_000)
    opening.segment_bytes, opening.segment_duration = 500_000, 90_000

    assert multivariant([opening], "").variants[0].bandwidth == 4_000_000


def test_nothing_known_is_no_variant() -> None:
    """A state without renditions gives a playlist without variants."""
    assert multivariant([], "").variants == ()
