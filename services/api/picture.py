"""Uploaded pictures: looked at, decoded, and written anew, so that what viewers get is of our own making."""

from services.common.errors import AppError, Kind

LIMIT = 10 << 20
"""Bytes."""

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
    from services.api import picture_codec  # noqa: PLC0415  33 MB, only where pictures are uploaded

    try:
        return picture_codec.as_jpeg(data, demuxer)
    except picture_codec.UnreadableError as error:
        raise _refused(str(error)) from None


def _refused(detail: str) -> AppError:
    return AppError(Kind.INVALID, detail, field="image")
