"""What is taken for WebVTT, and what is refused by its line."""

import pytest

from services.api import webvtt
from services.common.errors import AppError

GOOD = """WEBVTT - a title

NOTE a remark

1
00:01.000 --> 00:04.000 line:0 align:start
- Never drink liquid nitrogen.

00:00:05.000 --> 100:00:09.000
Two
lines
"""


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\n", "\r\n"), "\ufeffWEBVTT", "WEBVTT\n"])
def test_text_tracks_are_taken(text: str) -> None:
    """With any line ends, a byte order mark, notes and settings."""
    webvtt.check(text.encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "WEBVTT"),
        (b"WEBVTTX", "WEBVTT"),
        (b"1\n00:01.000 --> 00:02.000\n", "WEBVTT"),
        (b"WEBVTT\n\n00:01,000 --> 00:02,000\n", "line 3"),
        (b"WEBVTT\n\n00:02.000 --> 00:01.000\n", "line 3"),
        (b"WEBVTT\n\xff", "UTF-8"),
        (b"WEBVTT\n" + b" " * webvtt.LIMIT, "10 MB"),
    ],
)
def test_other_files_are_refused_with_what_is_wrong(text: bytes, words: str) -> None:
    """SubRip, cues that end before they begin, other encodings, too much."""
    with pytest.raises(AppError) as caught:
        webvtt.check(text)

    assert (caught.value.field, words in caught.value.detail) == ("text", True)
