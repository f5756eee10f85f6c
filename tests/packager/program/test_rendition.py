"""Tracks described for viewers."""

import pytest

from headwater.internal.v1.cmaf_pb2 import Rendition, State
from services.common.media.unit import CLOCK_RATE, Codec, Config, Track
from services.packager.program.pace import Opening, PaceSettings, make_pace
from services.packager.program.rendition import carry_over, describe, install
from tests.packager.program.encoder import encode
from tests.packager.program.synthetic import AAC_44K, AAC_48K, avc


def test_picture_is_described() -> None:
    """Size, codec string and an init segment whose name follows from its bytes."""
    small, large = describe(avc(), 0), describe(avc((320, 180)), 0)

    assert (small.kind, small.width, small.height, small.timescale) == (Rendition.VIDEO, 160, 90, 90_000)
    assert small.codecs.startswith("avc1.")
    assert small.init_id != large.init_id
    assert describe(avc(), 0).init_id == small.init_id


@pytest.mark.parametrize(("said", "taken"), [(60, 60), (120, 120), (1000, 30), (90_000, 30)])
def test_frame_rate_is_what_is_said_where_that_can_be(said: int, taken: int) -> None:
    """Players may leave out what they take to be too fast for them."""
    config, state = encode(seconds=0.2, said_fps=said).video, State()
    install(
        state,
        describe(config, 0),
        make_pace(PaceSettings(), Opening(0, gop=None, frame=CLOCK_RATE / 30, audio_frame=1920)),
    )

    assert state.renditions[0].frame_rate == taken


@pytest.mark.parametrize(("config", "rate"), [(AAC_48K, 48_000), (AAC_44K, 44_100)])
def test_sound_is_described(config: Config, rate: int) -> None:
    """Its timescale is its sample rate, so that frames have whole lengths."""
    found = describe(config, 1)

    assert (found.codecs, found.timescale, found.sample_rate, found.channels) == ("mp4a.40.2", rate, rate, 2)


@pytest.mark.parametrize("config", [Config(Track.VIDEO, Codec.H264, b"\x01"), Config(Track.AUDIO, Codec.AAC, b"")])
def test_config_that_cannot_be_packaged_is_refused(config: Config) -> None:
    """With a ValueError that says why."""
    with pytest.raises(ValueError, match=r"\w+"):
        describe(config, 0)


def test_another_config_goes_on_where_the_one_before_ended() -> None:
    """Time goes on in the new timescale; what was measured and what is fixed stays."""
    before, after = describe(AAC_48K, 1), describe(AAC_44K, 1)
    before.next_decode_time, before.part_target_us, before.peak_bandwidth = 96_000, 342_000, 130_000
    before.total_bytes, before.total_duration = 5000, 48_000
    carry_over(after, before)

    assert (after.next_decode_time, after.part_target_us, after.peak_bandwidth) == (88_200, 342_000, 130_000)
    assert (after.total_bytes, after.total_duration) == (5000, 44_100)
