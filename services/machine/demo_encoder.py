"""Encodes the demo's picture and sound into a container: H.264 and AAC in FLV, as an encoder at an event would."""

from fractions import Fraction

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from services.machine.demo_picture import Picture
from services.machine.demo_sound import FRAME, RATE, Sound

FPS = 30
GOP_FRAMES = 30
_BIT_RATE = 2_500_000
_AUDIO_BIT_RATE = 96_000
_X264 = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "sc_threshold": "0",
    "maxrate": str(_BIT_RATE),
    "bufsize": str(_BIT_RATE // 2),
    "threads": "1",
}
_OPTIONS = {"flvflags": "no_duration_filesize"}


class DemoEncoder:
    """One connection: from `open` to `close` its timestamps run on from 0.

    All methods raise av.error.FFmpegError when the peer is gone.
    """

    def __init__(self, target: str, width: int, height: int, *, began: float) -> None:
        """Push to `target` (an RTMP URL or a file); `began` is the wall clock of timestamp 0."""
        self._container: OutputContainer = av.open(target, "w", format="flv", options=_OPTIONS)
        self._video = _video(self._container, width, height)
        self._audio = _audio(self._container)
        self._frame = VideoFrame(width, height, "yuv420p")
        planes = [memoryview(plane) for plane in self._frame.planes]
        self._picture = Picture(width, height, planes, [plane.line_size for plane in self._frame.planes])
        self._sound = Sound()
        self._began = began
        self._frames = 0
        self._samples = 0

    @property
    def time_s(self) -> float:
        """Stream time of the next picture."""
        return self._frames / FPS

    def write_next(self) -> None:
        """Write the next picture, and the sound up to it."""
        while self._samples / RATE <= self.time_s:
            self._write_sound()
        self._picture.draw(self._began + self.time_s)
        self._frame.pts, self._frame.time_base = self._frames, Fraction(1, FPS)
        self._container.mux(self._video.encode(self._frame))
        self._frames += 1

    def close(self) -> None:
        """Write what the encoders still hold and end the stream in order."""
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        self._container.close()

    def _write_sound(self) -> None:
        frame = AudioFrame(format="fltp", layout="stereo", samples=FRAME)
        frame.sample_rate = RATE
        samples = self._sound.frame(self._samples + int(self._began % 1 * RATE))
        for plane in frame.planes:
            plane.update(samples)
        frame.pts, frame.time_base = self._samples, Fraction(1, RATE)
        self._container.mux(self._audio.encode(frame))
        self._samples += FRAME


def _video(container: OutputContainer, width: int, height: int) -> VideoStream:
    stream = container.add_stream("libx264", rate=FPS, options=_X264)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    stream.bit_rate, stream.gop_size = _BIT_RATE, GOP_FRAMES
    stream.codec_context.time_base = Fraction(1, FPS)
    return stream


def _audio(container: OutputContainer) -> AudioStream:
    stream = container.add_stream("aac", rate=RATE, layout="stereo")
    stream.bit_rate = _AUDIO_BIT_RATE
    return stream
