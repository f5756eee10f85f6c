"""Movie boxes, as short as their times allow."""

import pytest

from services.common.media.box import Box, boxes, child, whole
from services.common.media.movie import AUDIO_HANDLER, VIDEO_HANDLER, TrackBoxes, movie_header, track

STBL = b"\0\0\0\x08stbl"


def body(data: bytes, found: Box) -> bytes:
    return data[found.body : found.end]


@pytest.mark.parametrize(("duration", "length", "version"), [(0, 108, 0), (2**32 - 1, 108, 0), (2**32, 120, 1)])
def test_header_has_long_times_only_where_it_must(duration: int, length: int, version: int) -> None:
    """Version 1 with fields of 64 bits from 2^32 ticks on (14496-12, 8.2.2)."""
    data = movie_header(90_000, duration, 3)
    assert (len(data), data[8], data[-4:]) == (length, version, b"\0\0\0\3")
    assert duration.to_bytes(8 if version else 4, "big") in data


@pytest.mark.parametrize(
    ("handler", "media_header", "volume"), [(VIDEO_HANDLER, b"vmhd", b"\0\0"), (AUDIO_HANDLER, b"smhd", b"\1\0")]
)
def test_track_has_the_boxes_of_its_kind(handler: bytes, media_header: bytes, volume: bytes) -> None:
    """Header, handler, media header and volume say picture or sound."""
    data = track(TrackBoxes(9, handler, 1000, STBL, width=320, height=180))
    trak = next(boxes(data))
    header = body(data, child(data, trak, "tkhd"))
    assert (header[12:16], header[36:38], header[-8:]) == (b"\0\0\0\x09", volume, b"\1\x40\0\0\0\xb4\0\0")
    assert body(data, child(data, trak, "mdia/hdlr"))[8:12] == handler
    minf = child(data, trak, "mdia/minf")
    assert [one.kind for one in boxes(data, minf.body, minf.end)] == [media_header, b"dinf", b"stbl"]


def test_edits_stand_between_header_and_media() -> None:
    """They are left out where there are none."""
    for edits, kinds in ((b"", [b"tkhd", b"mdia"]), (b"\0\0\0\x08edts", [b"tkhd", b"edts", b"mdia"])):
        data = track(TrackBoxes(1, VIDEO_HANDLER, 1000, STBL, edits=edits))
        trak = child(data, whole(data), "trak")
        assert [one.kind for one in boxes(data, trak.body, trak.end)] == kinds
