"""What a track is to viewers: its rendition, described from the codec configuration. Pure."""

import hashlib

from headwater.internal.v1.cmaf_pb2 import Rendition, State
from services.common.media.aac import parse_config
from services.common.media.avc import parse_record
from services.common.media.unit import CLOCK_RATE, Codec, Config
from services.packager.cmaf.init import audio_init, video_init
from services.packager.program.instance import LEAD_IN_TICKS
from services.packager.program.pace import Pace

MOST_FRAMES = 300
"""A second: who names more means the ticks of a clock, as FFmpeg does of what a browser has recorded (1000)."""


def describe(config: Config, number: int) -> Rendition:
    """The rendition of a track with this config; its frame rate is 0 where the config does not say.

    ValueError in words if the config cannot be packaged.
    """
    if config.codec is Codec.H264:
        avc = parse_record(config.record)
        rate = avc.picture.vui.frame_rate or 0
        found = Rendition(
            number=number,
            name="video",
            kind=Rendition.VIDEO,
            codecs=avc.codec,
            timescale=CLOCK_RATE,
            width=avc.picture.width,
            height=avc.picture.height,
            frame_rate=float(rate) if rate <= MOST_FRAMES else 0,
            init=video_init(avc),
        )
    else:
        aac = parse_config(config.record)
        found = Rendition(
            number=number,
            name="audio",
            kind=Rendition.AUDIO,
            codecs=aac.codec,
            timescale=aac.sample_rate,
            channels=aac.channels,
            sample_rate=aac.sample_rate,
            init=audio_init(aac),
        )
    found.config = config.record
    found.init_id = hashlib.sha256(found.init).hexdigest()[:12]
    return found


def install(state: State, rendition: Rendition, pace: Pace) -> None:
    """Put a rendition into the state, in place of the one with its number; without one it is new to the broadcast."""
    is_video = rendition.kind == Rendition.VIDEO
    if is_video and not rendition.frame_rate:
        rendition.frame_rate = round(CLOCK_RATE / pace.frame, 3)
    before = next((found for found in state.renditions if found.number == rendition.number), None)
    if before is not None:
        carry_over(rendition, before)
    else:
        target = pace.video_part if is_video else pace.audio_part
        rendition.part_target_us = -(-target * 1_000_000 // CLOCK_RATE)
        # A track that comes later may begin a little behind the others.
        earliest = max(state.clock.program_time - 2 * LEAD_IN_TICKS, 0)
        rendition.next_decode_time = earliest * rendition.timescale // CLOCK_RATE
    kept = [found for found in state.renditions if found.number != rendition.number]
    kept.append(rendition)
    del state.renditions[:]
    state.renditions.extend(sorted(kept, key=lambda found: found.number))


def carry_over(rendition: Rendition, before: Rendition) -> None:
    """Let `rendition` go on where `before` was replaced: what was measured holds for the whole broadcast."""
    scale = before.timescale
    rendition.next_decode_time = -(-before.next_decode_time * rendition.timescale // scale)
    rendition.shown_until = -(-before.shown_until * rendition.timescale // scale)
    rendition.peak_bandwidth = before.peak_bandwidth
    rendition.average_bandwidth = before.average_bandwidth
    rendition.total_bytes = before.total_bytes
    rendition.total_duration = before.total_duration * rendition.timescale // scale
    rendition.part_target_us = before.part_target_us
