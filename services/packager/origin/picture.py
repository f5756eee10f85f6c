"""One picture out of media, as JPEG. Blocks: for a thread. What it reads comes from encoders, so it is bounded."""

from fractions import Fraction
from io import BytesIO

import av
from av.error import FFmpegError
from av.filter import Graph

from services.packager.origin.wanted_picture import Fitting, PictureError, WantedPicture, fitting

MAX_PIXELS = 8192 * 4608
MAX_PIXEL_SHAPE = 10
_QUALITY = "4"
"""Of FFmpeg's scale for JPEG, 2 (best) to 31."""


def key_frame_as_jpeg(media: bytes, offset_s: float, wanted: WantedPicture) -> bytes:
    """The last key frame at or before `offset_s` after the first one; `media` is an init segment and a segment."""
    return _made(media, "mp4", offset_s, wanted)


def image_as_jpeg(image: bytes, wanted: WantedPicture) -> bytes:
    """An image in another size."""
    return _made(image, None, 0.0, wanted)


def _made(data: bytes, container: str | None, offset_s: float, wanted: WantedPicture) -> bytes:
    try:
        frame, pixel_shape = _key_frame(data, container, offset_s)
        to = fitting(max(1, round(frame.width * pixel_shape)), frame.height, wanted)
        return _encoded(_fitted(frame, to))
    except (FFmpegError, ValueError, MemoryError) as error:
        raise PictureError(str(error)) from error


def _key_frame(data: bytes, container: str | None, offset_s: float) -> tuple[av.VideoFrame, Fraction]:
    """The frame, and how much wider than high its pixels are."""
    found: av.VideoFrame | None = None
    begin_s: float | None = None
    with av.open(BytesIO(data), "r", format=container) as opened:
        if not opened.streams.video:
            raise PictureError("there is no picture in it")
        stream = opened.streams.video[0]
        if stream.width * stream.height > MAX_PIXELS:
            raise PictureError(f"{stream.width}x{stream.height} is too large")
        stream.thread_type = "NONE"
        stream.codec_context.skip_frame = "NONKEY"
        for frame in opened.decode(stream):
            time_s = frame.time or 0.0
            begin_s = time_s if begin_s is None else begin_s
            if found is not None and time_s - begin_s > offset_s:
                break
            found = frame
        shape = stream.sample_aspect_ratio
    if found is None:
        raise PictureError("there is no key frame in it")
    return found, shape if shape and 0 < shape < MAX_PIXEL_SHAPE else Fraction(1)


def _fitted(frame: av.VideoFrame, to: Fitting) -> av.VideoFrame:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1, 1000)
    )
    steps = [graph.add(name, arguments) for name, arguments in _steps(to)]
    graph.link_nodes(source, *steps, graph.add("buffersink")).configure()
    graph.push(frame)
    made = graph.pull()
    if not isinstance(made, av.VideoFrame):
        raise PictureError("the picture cannot be scaled")
    return made


def _steps(to: Fitting) -> list[tuple[str, str]]:
    (scaled_width, scaled_height), (width, height) = to.scaled, to.final
    # Padding and cropping go by whole colour samples, so they come where each pixel has its own.
    steps = [("scale", f"{scaled_width}:{scaled_height}"), ("format", "yuvj444p")]
    if (scaled_width, scaled_height) == (width, height):
        return steps
    if scaled_width >= width and scaled_height >= height:
        return [*steps, ("crop", f"{width}:{height}")]
    return [*steps, ("pad", f"{width}:{height}:-1:-1:black")]


def _encoded(frame: av.VideoFrame) -> bytes:
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height, codec.pix_fmt = frame.width, frame.height, frame.format.name
    codec.time_base = Fraction(1, 25)
    codec.options = {"qmin": _QUALITY, "qmax": _QUALITY}
    packets = [*codec.encode(frame), *codec.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
