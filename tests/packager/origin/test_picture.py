"""Pictures out of media: which frame, which size, and what cannot be decoded."""

from fractions import Fraction
from io import BytesIO

import av
import pytest

from services.packager.origin.picture import image_as_jpeg, key_frame_as_jpeg
from services.packager.origin.wanted_picture import Fit, PictureError, WantedPicture


def film(*greys: int, pixels: int = 1) -> bytes:
    """A second for each shade of grey, 160x90; each second begins with a key frame."""
    file = BytesIO()
    with av.open(file, "w", format="mp4", options={"movflags": "frag_keyframe+empty_moov"}) as out:
        stream = out.add_stream("libx264", rate=5, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 160, 90, "yuv420p", 5
        stream.codec_context.sample_aspect_ratio = Fraction(pixels)
        for number, grey in enumerate(grey for grey in greys for _ in range(5)):
            frame = av.VideoFrame(160, 90, "yuv420p")
            for plane, level in zip(frame.planes, (grey, 128, 128), strict=True):
                plane.update(bytes([level]) * plane.buffer_size)
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def seen(jpeg: bytes) -> av.VideoFrame:
    with av.open(BytesIO(jpeg), "r") as opened:
        return next(opened.decode(video=0))


def grey_of(frame: av.VideoFrame, x: int, y: int) -> int:
    plane = frame.planes[0]
    return memoryview(plane)[y * plane.line_size + x]


FILM = film(60, 120, 180)


@pytest.mark.parametrize(("offset_s", "grey"), [(0, 60), (0.9, 60), (1.0, 120), (2.5, 180), (float("inf"), 180)])
def test_last_key_frame_at_or_before_the_moment_is_shown(offset_s: float, grey: int) -> None:
    """Never one that comes later, and beyond the end the last one."""
    frame = seen(key_frame_as_jpeg(FILM, offset_s, WantedPicture()))

    # JPEG has all 256 levels where video has 16 to 235.
    assert abs(grey_of(frame, 80, 45) - (grey - 16) * 255 / 219) < 4
    assert (frame.width, frame.height) == (160, 90)


@pytest.mark.parametrize("fit", Fit)
def test_picture_has_the_size_that_was_asked_for(fit: Fit) -> None:
    """Odd sizes too; only clip keeps the shape, and fill leaves black above."""
    frame = seen(key_frame_as_jpeg(FILM, 1.0, WantedPicture(None, 101, 99, fit)))

    assert (frame.width, frame.height) == ((101, 57) if fit is Fit.CLIP else (101, 99))
    assert (grey_of(frame, 50, 3) < 20) == (fit is Fit.FILL)


def test_pixels_that_are_no_squares_are_made_square() -> None:
    """A picture stored narrower than it is shown comes out as it is shown."""
    frame = seen(key_frame_as_jpeg(film(90, pixels=2), 0, WantedPicture()))

    assert (frame.width, frame.height) == (320, 90)


@pytest.mark.parametrize("media", [b"", b"no media at all" * 100, FILM[: len(FILM) // 8]])
def test_what_cannot_be_decoded_is_said(media: bytes) -> None:
    """Empty, something else, or cut off before the first frame."""
    with pytest.raises(PictureError):
        key_frame_as_jpeg(media, 0, WantedPicture())


def test_image_comes_in_another_size() -> None:
    """An uploaded one, too."""
    jpeg = key_frame_as_jpeg(FILM, 0, WantedPicture())

    assert seen(image_as_jpeg(jpeg, WantedPicture(width=40))).width == 40
