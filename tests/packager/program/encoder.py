"""A small deterministic encoder: units as ingest would write them, and the messages of a media log."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import overload

import av

from services.common.media.framing import (
    HEAD_BYTES,
    Head,
    Kind,
    encode_closed,
    encode_config,
    encode_head,
    encode_unit,
)
from services.common.media.unit import CLOCK_RATE, Codec, Config, Track, Unit

FPS = 30
RATE = 48_000


def _milliseconds(seconds: Fraction) -> int:
    """A time as RTMP carries it, in ticks."""
    return round(seconds * 1000) * CLOCK_RATE // 1000


def _lengths(annexb: bytes) -> tuple[bytes, list[bytes]]:
    nals = [n.rstrip(b"\0") for n in annexb.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if n]
    media = [n for n in nals if n[0] & 31 not in (7, 8, 9)]
    return b"".join(len(n).to_bytes(4, "big") + n for n in media), nals


@dataclass(frozen=True)
class Recording:
    """What an encoder would send."""

    video: Config
    audio: Config
    units: tuple[Unit, ...] = field(repr=False)


@cache
def encode(
    *,
    seconds: float = 6.0,
    gop_s: float = 2.0,
    b_frames: int = 0,
    size: tuple[int, int] = (160, 90),
    said_fps: int = FPS,
) -> Recording:
    """Encode moving grey and a tone-less AAC track; units in the order in which an encoder sends them.

    `said_fps`: the frame rate that its configuration names.
    """
    video = av.CodecContext.create("libx264", "w")
    video.width, video.height, video.pix_fmt = *size, "yuv420p"
    video.time_base, video.framerate = Fraction(1, said_fps), Fraction(said_fps)
    gop = round(gop_s * FPS)
    video.options = {
        "preset": "ultrafast",
        "x264-params": f"keyint={gop}:min-keyint={gop}:scenecut=0:bframes={b_frames}:open-gop=0:threads=1",
    }
    video.flags |= 1 << 22
    units = []
    packets = []
    for index in range(round(seconds * FPS)):
        frame = av.VideoFrame(*size, "yuv420p")
        for number, plane in enumerate(frame.planes):
            plane.update(bytes([(index * 5 + number * 40) & 255]) * plane.buffer_size)
        frame.pts, frame.time_base = index * said_fps // FPS, Fraction(1, said_fps)
        packets += video.encode(frame)
    packets += video.encode(None)
    shift = packets[0].dts or 0
    for packet in packets:
        assert packet.dts is not None
        assert packet.pts is not None
        dts, pts = Fraction(packet.dts - shift, said_fps), Fraction(packet.pts - shift, said_fps)
        payload, _ = _lengths(bytes(packet))
        units.append(
            Unit(Track.VIDEO, _milliseconds(dts), _milliseconds(pts) - _milliseconds(dts), packet.is_keyframe, payload)
        )
    audio, audio_units = _audio(seconds)
    units += audio_units
    units.sort(key=lambda unit: (unit.dts, unit.track))
    return Recording(Config(Track.VIDEO, Codec.H264, _record(bytes(video.extradata or b""))), audio, tuple(units))


def _audio(seconds: float) -> tuple[Config, list[Unit]]:
    audio = av.CodecContext.create("aac", "w")
    audio.sample_rate, audio.layout, audio.format = RATE, "stereo", "fltp"
    audio.time_base = Fraction(1, RATE)
    audio.flags |= 1 << 22
    packets = []
    for index in range(int(seconds * RATE // 1024)):
        frame = av.AudioFrame("fltp", "stereo", 1024)
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts, frame.time_base = RATE, index * 1024, Fraction(1, RATE)
        packets += audio.encode(frame)
    packets += audio.encode(None)
    units = [
        # A number in the payload's tail tells the frames of silence apart; nobody decodes them here.
        Unit(Track.AUDIO, _milliseconds(Fraction(i * 1024, RATE)), 0, True, bytes(p) + i.to_bytes(3, "big"))
        for i, p in enumerate(packets)
    ]
    return Config(Track.AUDIO, Codec.AAC, bytes(audio.extradata or b"")[:2]), units


def _record(annexb: bytes) -> bytes:
    _, nals = _lengths(annexb)
    sps = next(n for n in nals if n[0] & 31 == 7)
    pps = next(n for n in nals if n[0] & 31 == 8)
    return (
        bytes([1, sps[1], sps[2], sps[3], 0xFF, 0xE1])
        + len(sps).to_bytes(2, "big")
        + sps
        + b"\x01"
        + len(pps).to_bytes(2, "big")
        + pps
    )


@dataclass(frozen=True)
class Message:
    """One message of a media log."""

    instance: str
    stamp_us: int
    payload: bytes = field(repr=False)


def messages(
    recording: Recording,
    *,
    connection: int,
    start_us: int = 1_700_000_000_000_000,
    instance: str = "primary",
    tracks: tuple[Track, ...] = tuple(Track),
    every_s: float = 0.1,
    closed: bool = True,
    until_s: float = 1e9,
    since_s: float = 0.0,
    rebase: bool = False,
) -> list[Message]:
    """A connection's messages: units batched by time, configs before each key frame, stamped as they are sent."""
    lead = Track.VIDEO if Track.VIDEO in tracks else Track.AUDIO
    found: list[Message] = []
    batch: list[bytes] = []
    n, begun = 0, None
    chosen = [u for u in recording.units if u.track in tracks and since_s <= u.dts / CLOCK_RATE < until_s]
    zero = chosen[0].dts if rebase else 0

    def close_batch(dts: int) -> None:
        nonlocal n, batch
        if not batch:
            return
        n += 1
        stamp = start_us + dts * 1_000_000 // CLOCK_RATE
        held = 0 if begun is None else (dts - begun) * 1000 // CLOCK_RATE
        head = encode_head(Head(connection, n, Kind.UNITS, len(batch), held))
        found.append(Message(instance, stamp, head + b"".join(batch)))
        batch = []

    for unit in chosen:
        if begun is not None and unit.dts - begun >= every_s * CLOCK_RATE:
            close_batch(unit.dts)
        if not batch:
            begun = unit.dts
        if unit.is_key and (unit.track is lead) and (lead is Track.VIDEO or n == 0):
            batch += [encode_config(c) for c in (recording.video, recording.audio) if c.track in tracks]
        shifted = Unit(unit.track, unit.dts - zero, unit.cts, unit.is_key, unit.payload)
        batch += encode_unit(shifted, room=1 << 30, piece_bytes=60_000)
    if begun is not None:
        close_batch(chosen[-1].dts)
    if closed:
        end = start_us + chosen[-1].dts * 1_000_000 // CLOCK_RATE + 50_000
        found.append(
            Message(instance, end, encode_closed(connection=connection, n=n + 1, reason="left", is_clean=True))
        )
    return found


assert HEAD_BYTES == 24


class Later(Sequence[Message]):
    """Messages that are made when they are first looked at: whoever collects tests loads every file of them."""

    def __init__(self, make: Callable[[], list[Message]]) -> None:
        self._made = cache(make)

    def __len__(self) -> int:
        return len(self._made())

    @overload
    def __getitem__(self, index: int) -> Message: ...

    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...

    def __getitem__(self, index: int | slice) -> Message | list[Message]:
        return self._made()[index]
