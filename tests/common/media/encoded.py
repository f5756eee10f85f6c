"""Tiny coded pictures and sound made by ffmpeg, cut into access units, and ffmpeg's checksums of them."""

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

_TIMEOUT_S = 60

Unit = tuple[bytes, int, int, int, bool]
"""Payload, dts, cts, duration and whether decoding may start here."""


@dataclass(frozen=True)
class Stream:
    """One elementary stream: its configuration record, and its units with times in ticks of `rate`."""

    record: bytes
    rate: int
    units: list[Unit]


@dataclass(frozen=True, order=True)
class Frame:
    """One line of framemd5; times in seconds."""

    dts: Fraction
    pts: Fraction
    size: int
    md5: str


def encode(path: Path, *, bframes: int, size: str = "160x90", seconds: float = 3, gop: int = 30) -> Path:
    """Make an MP4 of H.264 (`bframes` B-frames in a row) and AAC of 48 kHz stereo."""
    picture = f"testsrc2=size={size}:rate=30:duration={seconds}"
    sound = f"sine=frequency=440:sample_rate=48000:duration={seconds}"
    video = ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-bf", str(bframes), "-g", str(gop)]
    audio = ["-c:a", "aac", "-ac", "2", "-b:a", "64k"]
    run("ffmpeg", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, *video, *audio, "-threads", "1", str(path))
    return path


def streams(path: Path, *, start_s: int = 0) -> tuple[Stream, Stream]:
    """Take video in ticks of 90 kHz and audio in ticks of its sample rate, moved to start `start_s` later."""
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        rates = {video.index: 90_000, audio.index: audio.rate}
        units: dict[int, list[Unit]] = {index: [] for index in rates}
        for packet in container.demux():
            if packet.dts is None or packet.pts is None:
                continue
            rate = rates[packet.stream_index]
            ticks = packet.time_base * rate
            dts = int(packet.dts * ticks) + start_s * rate
            cts = int((packet.pts - packet.dts) * ticks)
            duration = int((packet.duration or 0) * ticks)
            units[packet.stream_index].append((bytes(packet), dts, cts, duration, packet.is_keyframe))
        return (
            Stream(video.codec_context.extradata or b"", 90_000, units[video.index]),
            Stream(audio.codec_context.extradata or b"", audio.rate, units[audio.index]),
        )


def framemd5(path: Path, kind: str) -> list[Frame]:
    """Let ffmpeg, without decoding, list the coded frames of the first stream of `kind` (`v` or `a`)."""
    out = run("ffmpeg", "-copyts", "-i", str(path), "-map", f"0:{kind}:0", "-c", "copy", "-f", "framemd5", "-")
    time_base = Fraction(1)
    frames = []
    for line in out.splitlines():
        if line.startswith("#tb"):
            time_base = Fraction(line.split()[-1])
        elif not line.startswith("#"):
            _, dts, pts, _, size, md5 = (field.strip() for field in line.split(",")[:6])
            frames.append(Frame(int(dts) * time_base, int(pts) * time_base, int(size), md5))
    return frames


def run(*command: str) -> str:
    """Run ffmpeg or ffprobe; whatever it warns of is an error."""
    name, *arguments = command
    quiet = [name, "-v", "warning", *(["-y", "-nostdin"] if name == "ffmpeg" else [])]
    done = subprocess.run([*quiet, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    if done.returncode or done.stderr:
        raise AssertionError(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def encode_alone(path: Path, source: str, *options: str) -> Stream:
    """Encode a few frames of one lavfi source with `options`, and take them back as the first stream of the file."""
    run("ffmpeg", "-f", "lavfi", "-i", source, *options, "-threads", "1", str(path))
    with av.open(str(path)) as container:
        stream = container.streams[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        units = [(bytes(packet), packet.dts or 0, 0, packet.duration or 0, packet.is_keyframe) for packet in packets]
        return Stream(stream.codec_context.extradata or b"", 0, units)


def probe(path: Path, *fields: str) -> list[str]:
    """Ask ffprobe about the first stream."""
    wanted = ("-show_entries", f"stream={','.join(fields)}", "-of", "default=noprint_wrappers=1")
    answers = dict(line.split("=", 1) for line in run("ffprobe", *wanted, str(path)).splitlines())
    return [answers[field] for field in fields]


def bits(*fields: tuple[int, int]) -> bytes:
    """Write (value, width in bits) one after the other, filled up with zeros to whole bytes."""
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    text += "0" * (-len(text) % 8)
    return int(text, 2).to_bytes(len(text) // 8, "big")
