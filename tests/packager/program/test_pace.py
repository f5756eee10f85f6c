"""Lengths chosen from the first seconds: valid for every encoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.media.unit import CLOCK_RATE
from services.packager.program.instance import Instance
from services.packager.program.ordering import ConnectionOrder
from services.packager.program.pace import Opening, PaceSettings, make_pace, survey
from tests.packager.program.synthetic import Source, log, ms, with_configs

SETTINGS = PaceSettings()


def _instance(source: Source, *, closed: bool = False) -> Instance:
    found = Instance("primary", ConnectionOrder())
    for sequence, message in enumerate(
        log(with_configs(source.units(), source.configs), connection=5, closed=closed), 1
    ):
        found.feed(sequence, message.stamp_us, message.payload)
    return found


@pytest.mark.parametrize(
    ("gop_s", "target_s"),
    [(0.1, 2), (0.5, 2), (1.0, 2), (1.3, 3), (1.96, 2), (2.0, 2), (2.2, 2), (2.4, 3), (3.0, 3), (None, 10)],
)
def test_target_duration_follows_from_the_first_gop(gop_s: float | None, target_s: int) -> None:
    """At least 2 s; 10 s where the first GOP is not closed in time."""
    gop = None if gop_s is None else ms(gop_s)

    assert make_pace(SETTINGS, Opening(0, gop=gop, frame=3000, audio_frame=1920)).target_duration_s == target_s


@given(
    st.floats(0.2, 10), st.floats(0.1, 2), st.floats(5, 60), st.sampled_from([44_100, 48_000, 22_050]), st.floats(1, 10)
)
def test_lengths_agree_whatever_is_set(gop_s: float, part_s: float, fps: float, rate: int, segment_s: float) -> None:
    """A segment has room for what it is made of, and a part for a frame."""
    pace = make_pace(
        PaceSettings(segment_s=segment_s, part_s=part_s),
        Opening(0, gop=round(gop_s * CLOCK_RATE), frame=CLOCK_RATE / fps, audio_frame=1024 * CLOCK_RATE / rate),
    )

    assert pace.segment_min <= pace.segment_max
    assert round(pace.segment_max / CLOCK_RATE) <= pace.target_duration_s
    assert pace.frame <= pace.video_part <= max(part_s * CLOCK_RATE, CLOCK_RATE / fps) + 2 * CLOCK_RATE // 1000
    assert pace.audio_part >= 1024 * CLOCK_RATE // rate


def test_survey_waits_for_the_second_key_frame() -> None:
    """The first GOP is known when the second begins."""
    assert survey(_instance(Source(tag="p", until_s=1.9)), SETTINGS) is None
    opening = survey(_instance(Source(tag="p", until_s=2.3)), SETTINGS)

    assert opening is not None
    assert (opening.key, opening.gop) == (0, ms(2))
    assert opening.frame == pytest.approx(3000, rel=0.02)


@pytest.mark.parametrize(("b_frames", "ahead"), [(0, 0), (2, 3)])
def test_survey_finds_what_is_sent_ahead(b_frames: int, ahead: int) -> None:
    """Of a stream with B-frames: what is shown up to the last of what has been sent, beyond what is decoded next."""
    opening = survey(_instance(Source(tag="p", until_s=2.3, b_frames=b_frames, is_pyramid=False)), SETTINGS)

    assert opening is not None
    assert round(opening.ahead / 3000) == ahead


def test_survey_waits_no_longer_than_its_time() -> None:
    """After 2.5 s, at the end of the connection, or when it is late, what there is must do."""
    source = Source(tag="p", until_s=2.0, gop_s=8)
    long = survey(_instance(Source(tag="p", until_s=2.7, gop_s=8)), SETTINGS)

    assert survey(_instance(source), SETTINGS) is None
    assert survey(_instance(source, closed=True), SETTINGS) is not None
    assert survey(_instance(source), SETTINGS, is_late=True) is not None
    assert long is not None
    assert long.gop is None


def test_survey_without_a_key_frame_finds_nothing() -> None:
    """There is nothing to begin with, however late it is."""
    assert survey(_instance(Source(tag="p", since_s=0.5, until_s=1.5, audio=None)), SETTINGS, is_late=True) is None


def test_sound_alone_is_cut_at_the_segment_length() -> None:
    """Its GOP is what is set, and six parts of 16 frames or fewer make a segment."""
    opening = survey(_instance(Source(tag="p", until_s=3.0, video=None)), SETTINGS)

    assert opening is not None
    assert opening.gop == 2 * CLOCK_RATE
    assert make_pace(SETTINGS, opening).audio_part // 1920 == 16


@pytest.mark.parametrize(("fps", "frames"), [(24, 16), (25, 15), (30, 16), (50, 15), (60, 16)])
def test_sound_has_room_for_what_belongs_to_a_part_of_the_picture(fps: int, frames: int) -> None:
    """And not for more: what belongs to one that is a frame shorter still fills 85 % of it."""
    pace = make_pace(SETTINGS, Opening(0, gop=2 * CLOCK_RATE, frame=CLOCK_RATE / fps, audio_frame=1920))

    assert pace.audio_part // 1920 == frames
