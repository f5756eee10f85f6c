"""Uploaded pictures: looked at, decoded, and written anew, so that what viewers get is of our own making."""

import io
from fractions import Fraction

import av
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from services.common.errors import AppError, Kind

LIMIT = 10 << 20
"""Bytes."""
MOST_PIXELS = 40_000_000
LARGEST = 1920
"""The longer side of what is kept."""

_DEMUXERS = {b"\xff\xd8\xff": "jpeg_pipe", b"\x89PNG\r\n\x1a\n": "png_pipe", b"RIFF": "webp_pipe"}


def jpeg_of(data: bytes) -> bytes:
    """A JPEG of the picture, without anything that was not picture. AppError(INVALID) names what is wrong.

    It takes up to a second or so: not to be called on the loop.
    """
    if len(data) > LIMIT:
        raise _refused(f"may have {LIMIT >> 20} MB at most")
    demuxer = next((name for magic, name in _DEMUXERS.items() if data.startswith(magic)), "")
    if not demuxer or (demuxer == "webp_pipe" and data[8:12] != b"WEBP"):
        raise _refused("must be a JPEG, PNG or WebP picture")
    try:
        return _encode(_decode(data, demuxer))
    except (FFmpegError, ValueError, StopIteration, MemoryError):
        raise _refused("cannot be read as a picture") from None


def _decode(data: bytes, demuxer: str) -> VideoFrame:
    with av.open(io.BytesIO(data), mode="r", format=demuxer) as container:
        stream = container.streams.video[0]
        if not 0 < stream.width * stream.height <= MOST_PIXELS:
            raise _refused(f"may have {MOST_PIXELS // 1_000_000} million pixels at most")
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


def _refused(detail: str) -> AppError:
    return AppError(Kind.INVALID, detail, field="image")
