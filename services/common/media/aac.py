"""AAC's AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1), as RTMP, MP4 and CMAF carry it."""

from dataclasses import dataclass

from services.common.media.bits import Bits

MAX_CONFIG_BYTES = 512
"""Real ones have 2 to 5 bytes; the longest legal program configuration stays below this."""

_SAMPLE_RATES = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
_RATE_ESCAPE = 15
# Channels by channelConfiguration, table 1.19; 0 means that a program config element follows.
_CHANNELS = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 13: 24, 14: 8}
_SBR, _PS, _LD, _ER_BSAC = 5, 29, 23, 22
_OBJECT_TYPE_ESCAPE = 31
# Object types that go on with a GASpecificConfig (1.6.2.1): Main, LC, SSR, LTP, scalable and their ER forms.
_GENERAL_AUDIO = frozenset({1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23})
_SYNC_SBR, _SYNC_PS = 0x2B7, 0x548


class NotAacError(ValueError):
    """A configuration of another MPEG-4 audio codec, as ELD and USAC are."""

    def __init__(self, object_type: int) -> None:
        super().__init__(f"AudioSpecificConfig: object type {object_type} is not AAC")
        self.object_type = object_type


@dataclass(frozen=True, slots=True)
class AacConfig:
    """What an AudioSpecificConfig says of the frames that follow it."""

    object_type: int
    """Of the core coder: 2 is AAC LC."""
    sample_rate: int
    """Hz, of the core coder: the rate that `frame_length` counts in, and the timescale of our audio tracks."""
    channels: int
    frame_length: int
    """Samples a frame at `sample_rate`: 1024 or 960; 512 or 480 in AAC LD."""
    has_sbr: bool
    has_ps: bool
    output_rate: int
    """Hz after spectral band replication; `sample_rate` without it."""
    record: bytes
    """The bytes themselves, as a decoder wants them."""

    @property
    def codec(self) -> str:
        """RFC 6381 3.3: `mp4a.40.` and the object type; HE-AAC v1 is 5 and v2 is 29, however signalled."""
        if self.has_ps:
            return f"mp4a.40.{_PS}"
        return f"mp4a.40.{_SBR if self.has_sbr else self.object_type}"


@dataclass(slots=True)
class _Extension:
    has_sbr: bool = False
    has_ps: bool = False
    rate: int = 0


def parse_config(record: bytes) -> AacConfig:
    """Parse an AudioSpecificConfig. ValueError says what is wrong; it is a NotAacError where it is another codec's."""
    if not 2 <= len(record) <= MAX_CONFIG_BYTES:
        raise ValueError(f"AudioSpecificConfig: {len(record)} bytes; 2 to {MAX_CONFIG_BYTES} are possible")
    bits = Bits(record, "AudioSpecificConfig")
    object_type, rate, channel_config = _read_object_type(bits), _read_rate(bits), bits.read(4)
    extension = _Extension()
    if object_type in (_SBR, _PS):
        extension = _Extension(has_sbr=True, has_ps=object_type == _PS, rate=_read_rate(bits))
        object_type = _read_object_type(bits)
        if object_type == _ER_BSAC:
            bits.skip(4)  # extensionChannelConfiguration
    if object_type not in _GENERAL_AUDIO:
        raise NotAacError(object_type) if object_type else ValueError("AudioSpecificConfig: it names no object type")
    frame_length, channels = _read_general(bits, object_type, channel_config)
    if not extension.has_sbr:
        extension = _read_sync_extension(bits)
    return AacConfig(
        object_type,
        rate,
        channels,
        frame_length,
        extension.has_sbr,
        extension.has_ps,
        extension.rate or rate,
        record,
    )


def _read_object_type(bits: Bits) -> int:
    object_type = bits.read(5)
    return 32 + bits.read(6) if object_type == _OBJECT_TYPE_ESCAPE else object_type


def _read_rate(bits: Bits) -> int:
    index = bits.read(4)
    if index != _RATE_ESCAPE and index >= len(_SAMPLE_RATES):
        raise ValueError(f"AudioSpecificConfig: sampling frequency index {index} is reserved")
    rate = bits.read(24) if index == _RATE_ESCAPE else _SAMPLE_RATES[index]
    if not 1_000 <= rate <= 192_000:
        raise ValueError(f"AudioSpecificConfig: sample rate {rate} Hz; 1,000 to 192,000 are possible")
    return rate


def _read_general(bits: Bits, object_type: int, channel_config: int) -> tuple[int, int]:
    """GASpecificConfig, 4.4.1: frame length and channels."""
    is_short = bits.flag()
    if bits.flag():  # dependsOnCoreCoder
        bits.skip(14)
    bits.skip(1)  # extensionFlag: what it announces follows the channels and is of no use here
    if channel_config == 0:
        channels = _read_program_channels(bits)
    elif channel_config in _CHANNELS:
        channels = _CHANNELS[channel_config]
    else:
        raise ValueError(f"AudioSpecificConfig: channel configuration {channel_config} is reserved")
    whole = 512 if object_type == _LD else 1024
    return whole * 15 // 16 if is_short else whole, channels


def _read_program_channels(bits: Bits) -> int:
    """Count the channels of a program_config_element, 4.4.1.1, and pass over the rest of it."""
    bits.skip(10)  # element_instance_tag, object_type, sampling_frequency_index
    front, side, back, lfe, data, coupling = (bits.read(width) for width in (4, 4, 4, 2, 3, 4))
    for width in (4, 4, 3):  # mono, stereo and matrix mixdown
        if bits.flag():
            bits.skip(width)
    channels = lfe
    for _ in range(front + side + back):
        channels += 2 if bits.flag() else 1
        bits.skip(4)
    bits.skip(4 * lfe + 4 * data + 5 * coupling)
    bits.skip(bits.left % 8)  # byte_alignment, relative to the start of the configuration
    bits.skip(8 * bits.read(8))  # comment_field_data
    if not channels:
        raise ValueError("AudioSpecificConfig: its program has no channel")
    return channels


def _read_sync_extension(bits: Bits) -> _Extension:
    """SBR and PS behind the configuration, where older decoders do not look (1.6.6)."""
    if bits.left < 16 or bits.read(11) != _SYNC_SBR or _read_object_type(bits) != _SBR or not bits.flag():
        return _Extension()
    extension = _Extension(has_sbr=True, rate=_read_rate(bits))
    if bits.left >= 12 and bits.read(11) == _SYNC_PS:
        extension.has_ps = bits.flag()
    return extension
