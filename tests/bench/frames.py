"""The film as an encoder's output: coded frames in the order of sending, round and round."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import av

from tests.bench.film import SECONDS

Kind = Literal["video", "audio"]


@dataclass(frozen=True)
class Frame:
    """One coded frame."""

    kind: Kind
    stamp_ms: int
    """Decoding time from the film's start."""
    cts_ms: int
    is_key: bool
    data: bytes


@dataclass(frozen=True)
class Footage:
    """What is needed to send the film by hand."""

    video_config: bytes
    """AVCDecoderConfigurationRecord."""
    audio_config: bytes
    """AudioSpecificConfig."""
    frames: tuple[Frame, ...]

    def for_ever(self) -> Iterator[Frame]:
        """All frames, again and again, stamps going on."""
        turn = 0
        while True:
            for one in self.frames:
                yield Frame(one.kind, one.stamp_ms + turn, one.cts_ms, one.is_key, one.data)
            turn += SECONDS * 1000


def read(film: Path) -> Footage:
    """The frames of an FLV file with H.264 and AAC."""
    with av.open(str(film)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        packets = [packet for packet in container.demux(picture, sound) if packet.size and packet.dts is not None]
        frames = [_frame(packet, "video" if packet.stream.type == "video" else "audio") for packet in packets]
        begins = min(frame.stamp_ms for frame in frames)
        moved = [Frame(one.kind, one.stamp_ms - begins, one.cts_ms, one.is_key, one.data) for one in frames]
        kept = sorted((one for one in moved if one.stamp_ms < SECONDS * 1000), key=lambda one: one.stamp_ms)
        return Footage(
            bytes(picture.codec_context.extradata or b""), bytes(sound.codec_context.extradata or b""), tuple(kept)
        )


def _frame(packet: Any, kind: Kind) -> Frame:
    scale = 1000 * float(packet.time_base or 0)
    dts, pts = packet.dts or 0, packet.pts if packet.pts is not None else packet.dts or 0
    return Frame(kind, round(dts * scale), round((pts - dts) * scale), packet.is_keyframe, bytes(packet))
