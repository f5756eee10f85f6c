"""What a multivariant playlist says (RFC 8216bis 4.4.6)."""

from dataclasses import dataclass

from services.packager.hls.media_playlist import Start


@dataclass(frozen=True, slots=True)
class Alternative:
    """EXT-X-MEDIA (4.4.6.1): sound, or with the type SUBTITLES text, or CLOSED-CAPTIONS within the picture."""

    group_id: str
    name: str
    uri: str | None = None
    """None for closed captions alone."""
    type: str = "AUDIO"
    language: str | None = None
    is_default: bool = False
    is_autoselect: bool = False
    """Must be true where `is_default` is."""
    channels: str | None = None
    """Number of channels, as text: "2"."""
    instream_id: str | None = None
    """Of closed captions, for which it is required: CC1."""


@dataclass(frozen=True, slots=True)
class Variant:
    """EXT-X-STREAM-INF and its URI line (4.4.6.2). An audio-only variant has neither resolution nor frame rate."""

    bandwidth: int
    """Peak segment bit rate, bits a second, of this variant with the dearest rendition of its group."""
    uri: str = ""
    codecs: tuple[str, ...] | None = None
    """RFC 6381 names of everything in the variant, its audio group included."""
    average_bandwidth: int | None = None
    resolution: tuple[int, int] | None = None
    """Width and height, pixels."""
    frame_rate: float | None = None
    """Frames a second, the most there are."""
    audio: str | None = None
    """Group of the audio renditions that go with it."""
    subtitles: str | None = None
    """The same of text."""
    closed_captions: str | None = None
    """The same of closed captions; None says nothing of whether there are any."""


@dataclass(frozen=True, slots=True)
class Multivariant:
    """A whole multivariant playlist, best variant first."""

    variants: tuple[Variant, ...]
    audio: tuple[Alternative, ...] = ()
    subtitles: tuple[Alternative, ...] = ()
    closed_captions: tuple[Alternative, ...] = ()
    has_independent_segments: bool = False
    """Claimed only where a setting refuses encoders whose segments may begin without a keyframe."""
    start: Start | None = None
