"""The media unit: what an encoder sent, on one clock, before anybody packages it.

Every ingest protocol turns its bytes into `Unit`s and the packager turns units into parts. Nothing else about
an encoder crosses that border.
"""

from dataclasses import dataclass
from enum import IntEnum

CLOCK_RATE = 90_000
"""Ticks a second of every timestamp in the media log: exact for RTMP (ms), TS and RTP video."""


class Track(IntEnum):
    """Which elementary stream of a connection a unit belongs to. The number is what the log carries."""

    VIDEO = 0
    AUDIO = 1


VIDEO, AUDIO = Track.VIDEO, Track.AUDIO
"""The same for what is asked of each unit: reaching into an enum costs ten times what a name of the module does."""


class Codec(IntEnum):
    """Codecs the media log can carry. The number is what the log carries and is never reused."""

    H264 = 1
    AAC = 2


@dataclass(frozen=True, slots=True)
class Config:
    """What a decoder must know before the first unit of a track."""

    track: Track
    codec: Codec
    record: bytes
    """H.264: AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1). AAC: AudioSpecificConfig (14496-3, 1.6.2.1)."""


@dataclass(slots=True)
class Unit:
    """One access unit: a coded picture (length-prefixed NAL units as the config says) or one raw audio frame.

    Nobody changes one; it is not frozen because it is made 77 times a second and stream, and freezing costs four times
    what the rest of making it does.
    """

    track: Track
    dts: int
    """Decode time in ticks of CLOCK_RATE: 64-bit, unwrapped, and never decreasing within a track of a connection."""
    cts: int
    """Presentation time less decode time, in ticks; 0 for audio, 0 or more for video."""
    is_key: bool
    """True if decoding may start here. Every audio frame is."""
    payload: bytes
