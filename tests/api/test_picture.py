"""Uploaded pictures are decoded and written anew, or refused."""

import io
from fractions import Fraction

import av
import pytest

from services.api.picture import LIMIT, jpeg_of
from services.api.picture_codec import LARGEST
from services.common.errors import AppError


def picture(codec: str, pixels: str, width: int = 320, height: int = 180) -> bytes:
    frame = av.VideoFrame(width, height, pixels)
    for plane in frame.planes:
        plane.update(bytes(plane.buffer_size))
    encoder = av.CodecContext.create(codec, "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixels  # type: ignore[attr-defined]  # of video
    encoder.time_base = frame.time_base = Fraction(1, 25)
    frame.pts = 0
    return b"".join(map(bytes, [*encoder.encode(frame), *encoder.encode(None)]))  # type: ignore[attr-defined]  # as above


def size_of(jpeg: bytes) -> tuple[int, int]:
    with av.open(io.BytesIO(jpeg), mode="r", format="jpeg_pipe") as container:
        frame = next(container.decode(video=0))
    return frame.width, frame.height


@pytest.mark.parametrize(("codec", "pixels"), [("mjpeg", "yuvj420p"), ("png", "rgba"), ("libwebp", "yuv420p")])
def test_picture_of_each_kind_becomes_a_jpeg(codec: str, pixels: str) -> None:
    """What was hidden behind the picture is gone."""
    made = jpeg_of(picture(codec, pixels) + b"<script>")

    assert size_of(made) == (320, 180)
    assert b"script" not in made


def test_large_picture_is_fitted() -> None:
    """Its proportions stay."""
    assert size_of(jpeg_of(picture("png", "gray", 4000, 1000))) == (LARGEST, LARGEST // 4)


NO_PICTURES = [
    b"",
    b"GIF89a",
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n" + bytes(100),
    b"RIFF1234WAVE",
    b"\xff\xd8\xff" + bytes(LIMIT),
]


@pytest.mark.parametrize("data", NO_PICTURES)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    """By the field."""
    with pytest.raises(AppError) as caught:
        jpeg_of(data)

    assert caught.value.field == "image"


def test_picture_of_too_many_pixels_is_not_decoded() -> None:
    """A small file may unpack to gigabytes."""
    small = bytearray(picture("png", "gray", 64, 64))
    small[16:24] = (60_000).to_bytes(4, "big") * 2

    with pytest.raises(AppError):
        jpeg_of(bytes(small))
