"""Decoding uploaded pictures, and writing them anew: FFmpeg's part. Blocks: for a thread."""

import io
from fractions import Fraction

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

MOST_PIXELS = 40_000_000
LARGEST = 1920
"""The longer side of what is kept."""


class UnreadableError(Exception):
    """What is said to who uploaded it."""


def as_jpeg(data: bytes, demuxer: str) -> bytes:
    """A JPEG of a picture that FFmpeg's `demuxer` reads. Errors: UnreadableError."""
    try:
        return _encode(_decode(data, demuxer))
    except (FFmpegError, ValueError, StopIteration, MemoryError):
        raise UnreadableError("cannot be read as a picture") from None


def _decode(data: bytes, demuxer: str) -> VideoFrame:
    with av.open(io.BytesIO(data), mode="r", format=demuxer) as container:
        stream = container.streams.video[0]
        if not 0 < stream.width * stream.height <= MOST_PIXELS:
            raise UnreadableError(f"may have {MOST_PIXELS // 1_000_000} million pixels at most")
        stream.thread_type = "NONE"
        return next(container.decode(stream))


def _encode(frame: VideoFrame) -> bytes:
    scale = min(1.0, LARGEST / max(frame.width, frame.height))
    width, height = max(round(frame.width * scale), 1), max(round(frame.height * scale), 1)
    fitted = frame.reformat(width=width, height=height, format="yuvj420p")
    encoder = av.CodecContext.create("mjpeg", "w")
    if not isinstance(encoder, VideoCodecContext):
        raise TypeError("mjpeg is no video codec here")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = fitted.time_base = Fraction(1, 25)
    fitted.pts = 0
    packets = [*encoder.encode(fitted), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
