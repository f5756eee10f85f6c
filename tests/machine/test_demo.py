"""The demo picture, checked by decoding what was written."""

import threading
from io import StringIO
from pathlib import Path

import av
import pytest

from services.common.clock import ManualClock, SystemClock
from services.machine.demo import Demo
from services.machine.demo_encoder import GOP_FRAMES, DemoEncoder
from services.machine.demo_glyphs import glyphs
from services.machine.demo_picture import Picture, clock_text
from services.machine.demo_sound import FRAME, RATE

WIDTH, HEIGHT = 320, 180
BEGAN = 1_800_000_000.25


def planes() -> tuple[list[memoryview], list[int]]:
    sizes = [(WIDTH, HEIGHT), (WIDTH // 2, HEIGHT // 2), (WIDTH // 2, HEIGHT // 2)]
    return [memoryview(bytearray(width * height)) for width, height in sizes], [width for width, _ in sizes]


def read_clock(luma: memoryview, stride: int, picture: Picture) -> str:
    """The text that the picture shows, by comparing each place with every glyph."""
    known = glyphs(HEIGHT // 5)
    left, text = picture._clock_left, ""
    for pattern in clock_text(0):
        width = known[pattern].width
        rows = [
            bytes(luma[y * stride + left : y * stride + left + width])
            for y in range(picture._clock_top, picture._clock_top + HEIGHT // 5)
        ]
        candidates = {letter: glyph for letter, glyph in known.items() if glyph.width == width}
        text += min(candidates, key=lambda letter: _distance(rows, candidates[letter].rows))
        left += width
    return text


def _distance(ours: list[bytes], theirs: tuple[bytes, ...]) -> int:
    pairs = zip(ours, theirs, strict=True)
    return sum(abs(a - b) for one, other in pairs for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("now", "text"), [(0.0, "00:00:00.000"), (86_399.9996, "00:00:00.000"), (1_800_000_000.25, "08:00:00.250")]
)
def test_clock_text_is_utc_with_rounded_milliseconds(now: float, text: str) -> None:
    """The wall clock is written as UTC; what rounds up to the next second shows that second."""
    assert clock_text(now) == text


def test_picture_shows_each_time_it_is_given() -> None:
    """Whatever was shown before, each digit is right after drawing."""
    views, strides = planes()
    picture = Picture(WIDTH, HEIGHT, views, strides)
    for now in (0.0, 1.234, 12_345.678, 45_296.789, 86_399.999, 3.0):
        text = picture.draw(now)
        assert read_clock(views[0], strides[0], picture) == text == clock_text(now)


def test_written_stream_decodes_with_keyframes_clock_and_sound_in_step(tmp_path: Path) -> None:
    """A foreign decoder finds every frame, a keyframe a second, the right clock in each, and sound as long."""
    target = tmp_path / "demo.flv"
    encoder = DemoEncoder(str(target), WIDTH, HEIGHT, began=BEGAN)
    for _ in range(75):
        encoder.write_next()
    encoder.close()
    views, strides = planes()
    picture = Picture(WIDTH, HEIGHT, views, strides)
    with av.open(str(target)) as container:
        frames = list(container.decode(video=0))
    assert [place for place, frame in enumerate(frames) if frame.key_frame] == list(range(0, 75, GOP_FRAMES))
    for place, frame in enumerate(frames):
        luma = memoryview(frame.planes[0])
        assert read_clock(luma, frame.planes[0].line_size, picture) == clock_text(BEGAN + place / 30)
    with av.open(str(target)) as container:
        sound = [packet for packet in container.demux(audio=0) if packet.size]
    assert abs(len(sound) * FRAME / RATE - 75 / 30) < 3 * FRAME / RATE


def test_demo_pushes_in_real_time_until_told_to_stop(tmp_path: Path) -> None:
    """A run of half a second writes about half a second of frames, and says that it pushes."""
    said = StringIO()
    demo = Demo(str(tmp_path / "demo.flv"), (WIDTH, HEIGHT), SystemClock(), threading.Event(), said)
    demo.run(0.5)
    assert demo.has_pushed
    assert "pushing 320x180" in said.getvalue()
    with av.open(str(tmp_path / "demo.flv")) as container:
        assert 2 <= sum(1 for _ in container.decode(video=0)) <= 17


def test_demo_without_a_server_says_so_and_ends_when_told(tmp_path: Path) -> None:
    """A refused connection is no traceback: it is said, tried again, and given up at the order to stop."""
    said, stopping = StringIO(), threading.Event()
    demo = Demo("rtmp://127.0.0.1:1/live/x", (WIDTH, HEIGHT), ManualClock(), stopping, said)
    thread = threading.Thread(target=demo.run, args=(None,))
    thread.start()
    while "again in" not in said.getvalue() and thread.is_alive():
        stopping.wait(0.01)
    stopping.set()
    thread.join(10)
    assert not thread.is_alive()
    assert not demo.has_pushed
    assert "Connection refused" in said.getvalue()
