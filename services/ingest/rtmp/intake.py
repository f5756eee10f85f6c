"""From audio and video messages to configs and units: what one publication has shown so far."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from services.common.media.aac import NotAacError, parse_config
from services.common.media.unit import Codec, Config, Track, Unit
from services.ingest.leaps import Leaps
from services.ingest.rtmp import avc, flv
from services.ingest.rtmp.errors import ClockError, ProtocolError, UnsupportedCodecError
from services.ingest.rtmp.events import ConfigReceived, Event
from services.ingest.rtmp.messages import Message, MessageType
from services.ingest.timestamps import TICKS_PER_MS, StandingClockError, Timeline

_VIDEO_MESSAGE = int(MessageType.VIDEO)
_VIDEO, _AUDIO = Track.VIDEO, Track.AUDIO
MAX_CTS_MS = 10_000
"""Reordering reaches over 16 frames at most; more is a broken field."""

MAX_RECORD_BYTES = 16 * 1024
"""One configuration: real ones are under 1 KB, and it is written again before every key frame."""


@dataclass(slots=True)
class MediaCounts:
    """What a connection has sent, over all its publications."""

    video_units: int = 0
    audio_units: int = 0
    dropped_units: int = 0
    jumps: int = 0
    """Jumps of the encoder's clock that were mended."""


class _Content(NamedTuple):
    """What a unit is, but for its time."""

    cts: int
    is_key: bool
    payload: bytes


class Intake:
    """One publication's tracks. Bad media is dropped and told; only pictures in a foreign codec end the connection,
    and sound in one where that is wished.
    """

    def __init__(
        self,
        emit: Callable[[Event], None],
        warn: Callable[[str], None],
        counts: MediaCounts,
        *,
        refuses_sound: bool = False,
    ) -> None:
        self.has_units = False
        self._refuses_sound = refuses_sound
        self._counts = counts
        self._timeline = Timeline()
        self._leaps: Leaps[_Content] = Leaps(self._timeline)
        self._emit = emit
        self._warn = warn
        self._configs: dict[Track, Config] = {}
        self._nal_length_size = 0
        self._is_waiting_for_key = True

    def receive(self, message: Message) -> bool:
        """Take an audio or video message; True if it gave a unit. An empty one is some encoders' heartbeat.

        UnsupportedCodecError where a picture comes in another codec and none in ours has come; sound, if it is refused.
        ClockError where timestamps stand still.
        """
        if not message.payload:
            return False
        body = memoryview(message.payload)
        is_video = message.type_id == _VIDEO_MESSAGE
        try:
            tag = flv.read_video(body) if is_video else flv.read_audio(body)
            if isinstance(tag, flv.Frame):
                return (
                    self._take_picture(message.timestamp, tag) if is_video else self._take_sound(message.timestamp, tag)
                )
            if isinstance(tag, flv.SequenceHeader):
                self._take_config(tag.record, is_video=is_video)
            elif tag is not None:
                self._decline(tag, is_video=is_video)
        except UnsupportedCodecError:
            raise
        except StandingClockError as error:
            raise ClockError(f"the timestamps do not advance: {error}") from error
        except ProtocolError as error:
            self._drop(f"dropped: {error}")
        return False

    def _decline(self, tag: flv.Unsupported, *, is_video: bool) -> None:
        """A picture that cannot be shown is no broadcast; a sound that cannot be heard is told of, or refused."""
        track, name = (_VIDEO, "H.264") if is_video else (_AUDIO, "AAC")
        if track not in self._configs and (is_video or self._refuses_sound):
            codec = tag.what.rpartition(" ")[0]
            raise UnsupportedCodecError(f"{tag.what} is not supported: send {name}", track, codec)
        self._drop(f"{tag.what} is not supported and is ignored: send H.264 and AAC")

    def _drop(self, why: str) -> None:
        self._counts.dropped_units += 1
        self._warn(why)

    def _take_config(self, record: bytes, *, is_video: bool) -> None:
        """Tell a configuration that is new. A new picture needs a keyframe before it can be shown."""
        track, codec = (Track.VIDEO, Codec.H264) if is_video else (Track.AUDIO, Codec.AAC)
        config = Config(track, codec, record)
        if self._configs.get(track) == config:
            return
        if len(record) > MAX_RECORD_BYTES:
            raise ProtocolError(f"a configuration of {len(record)} bytes; at most {MAX_RECORD_BYTES} are taken")
        if is_video:
            self._nal_length_size = avc.length_size(record)
            self._is_waiting_for_key = True
        elif not self._is_aac(record):
            return
        self._configs[track] = config
        self.finish()
        self._emit(ConfigReceived(config))

    def _is_aac(self, record: bytes) -> bool:
        """Whether it is a configuration of AAC; what is another codec's is declined as under its own name."""
        try:
            parse_config(record)
        except NotAacError as error:
            self._decline(flv.Unsupported(f"MPEG-4 object type {error.object_type} audio"), is_video=False)
            self._configs.pop(_AUDIO, None)  # what follows is of that codec
            return False
        except ValueError as error:
            raise ProtocolError(str(error)) from error
        return True

    def _take_sound(self, stamp_ms: int, frame: flv.Frame) -> bool:
        if not frame.payload:
            return False
        if _AUDIO not in self._configs:
            self._drop("audio is dropped until its AAC configuration comes")
            return False
        self._counts.audio_units += 1
        self._put(_AUDIO, stamp_ms, 0, is_key=True, payload=frame.payload)
        return True

    def _take_picture(self, stamp_ms: int, frame: flv.Frame) -> bool:
        if not frame.payload:
            return False
        if _VIDEO not in self._configs:
            self._drop("video is dropped until its H.264 configuration comes")
            return False
        is_key = avc.starts_decoding(frame.payload, self._nal_length_size, is_flagged=frame.is_flagged_key)
        if is_key:
            self._is_waiting_for_key = False
        elif self._is_waiting_for_key:
            self._drop("video is dropped until a keyframe (IDR) comes")
            return False
        self._counts.video_units += 1
        cts = self._checked_cts(frame.cts_ms) * TICKS_PER_MS
        self._put(_VIDEO, stamp_ms, cts, is_key=is_key, payload=frame.payload)
        return True

    def _put(self, track: Track, stamp_ms: int, cts: int, *, is_key: bool, payload: memoryview) -> None:
        self.has_units = True
        dts = self._leaps.go_on(track, stamp_ms)
        if dts is not None:
            self._emit(Unit(track, dts, cts, is_key, bytes(payload)))
            return
        jumps = self._timeline.jumps
        content = _Content(cts, is_key, bytes(payload))
        self._emit_placed(self._leaps.place(track, stamp_ms, content, size=len(payload)))
        if self._timeline.jumps != jumps:
            self._counts.jumps += 1
            self._warn("timestamps jump and are made continuous")

    def _emit_placed(self, placed: Iterable[tuple[Track, int, "_Content"]]) -> None:
        for track, dts, (cts, is_key, payload) in placed:
            self._emit(Unit(track, dts, cts, is_key, payload))

    def finish(self) -> None:
        """Tell what is held back until the other track shows whose clock has leapt: nothing follows."""
        self._emit_placed(self._leaps.finish())

    def _checked_cts(self, cts_ms: int) -> int:
        if 0 <= cts_ms <= MAX_CTS_MS:
            return cts_ms
        self._warn("composition times below 0 or above 10 s are cut off: pictures may be out of place")
        return min(max(cts_ms, 0), MAX_CTS_MS)
