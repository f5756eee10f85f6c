"""What a track is to viewers: its rendition, described from the codec configuration. Pure."""

import hashlib

from headwater.internal.v1.cmaf_pb2 import Rendition
from services.common.media.aac import parse_config
from services.common.media.avc import parse_record
from services.common.media.unit import CLOCK_RATE, Codec, Config
from services.packager.cmaf.init import audio_init, video_init


def describe(config: Config, number: int) -> Rendition:
    """The rendition of a track with this config. ValueError in words if the config cannot be packaged."""
    if config.codec is Codec.H264:
        avc = parse_record(config.record)
        rate = float(avc.picture.vui.frame_rate or 0)
        found = Rendition(
            number=number,
            name="video",
            kind=Rendition.VIDEO,
            codecs=avc.codec,
            timescale=CLOCK_RATE,
            width=avc.picture.width,
            height=avc.picture.height,
            frame_rate=rate,
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
