"""FLV tag bodies (FLV 10.1, E.4.2 and E.4.3; Enhanced RTMP v2): which codec, and what the body holds.

Pure syntax: what becomes of a body is `intake`'s.
"""

from dataclasses import dataclass

from services.ingest.rtmp.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class SequenceHeader:
    """A decoder configuration."""

    record: bytes


@dataclass(slots=True)
class Frame:
    """One coded frame; the payload is a view of the message."""

    payload: memoryview
    is_flagged_key: bool
    cts_ms: int


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A codec or packaging we refuse, in words fit for an encoder's log."""

    what: str


Tag = SequenceHeader | Frame | Unsupported | None
"""None: valid, and nothing to do (command frames, end of sequence, colour metadata)."""

_AVC = 7
_AAC = 10
_EX_AUDIO = 9
_KEY_FRAME, _COMMAND_FRAME = 1, 5

_VIDEO_CODECS = {
    1: "JPEG",
    2: "Sorenson H.263",
    3: "Screen Video",
    4: "VP6",
    5: "VP6 with alpha",
    6: "Screen Video 2",
    12: "HEVC (codec id 12)",
    13: "AV1 (codec id 13)",
}
_AUDIO_CODECS = {
    0: "PCM",
    1: "ADPCM",
    2: "MP3",
    3: "PCM",
    4: "Nellymoser",
    5: "Nellymoser",
    6: "Nellymoser",
    7: "G.711 A-law",
    8: "G.711 mu-law",
    11: "Speex",
    13: "Opus (codec id 13)",
    14: "MP3 8 kHz",
}

# Enhanced RTMP v2, VideoPacketType and AudioPacketType: the numbers they share mean the same
_SEQUENCE_START, _CODED_FRAMES, _CODED_FRAMES_X = 0, 1, 3
_VIDEO_METADATA, _VIDEO_MULTITRACK = 4, 6
_AUDIO_MULTITRACK = 5
_MODEX = 7


def _signed24(data: memoryview) -> int:
    value = int.from_bytes(data, "big")
    return value - 0x1000000 if value & 0x800000 else value


def read_video(body: memoryview) -> Tag:
    """A video message's body, not empty. ProtocolError if it is cut short."""
    first = body[0]
    if first & 0x80:
        return _read_ex_video(body)
    kind, codec = first >> 4, first & 0x0F
    if kind == _COMMAND_FRAME:
        return None
    if codec != _AVC:
        return Unsupported(f"{_VIDEO_CODECS.get(codec, f'codec id {codec}')} video")
    if len(body) < 5:
        raise ProtocolError("an H.264 video tag is cut short")
    packet_type = body[1]
    if packet_type == _SEQUENCE_START:
        return SequenceHeader(bytes(body[5:]))
    if packet_type == _CODED_FRAMES:
        return Frame(body[5:], kind == _KEY_FRAME, _signed24(body[2:5]))
    return None


def read_audio(body: memoryview) -> Tag:
    """An audio message's body, not empty. ProtocolError if it is cut short."""
    codec = body[0] >> 4
    if codec == _EX_AUDIO:
        return _read_ex_audio(body)
    if codec != _AAC:
        return Unsupported(f"{_AUDIO_CODECS.get(codec, f'codec id {codec}')} audio")
    if len(body) < 2:
        raise ProtocolError("an AAC audio tag is cut short")
    if body[1] == _SEQUENCE_START:
        return SequenceHeader(bytes(body[2:]))
    if body[1] == _CODED_FRAMES:
        return Frame(body[2:], is_flagged_key=True, cts_ms=0)
    return None


def _skip_modex(body: memoryview, packet_type: int) -> tuple[int, int]:
    """The packet type behind all ModEx extensions, and where its data begins. All are skipped by their own size."""
    at = 1
    while packet_type == _MODEX:
        size = body[at] + 1 if at < len(body) else 0
        at += 1
        if size == 0x100:
            size = int.from_bytes(body[at : at + 2], "big") + 1
            at += 2
        at += size
        if at >= len(body):
            raise ProtocolError("a ModEx extension is cut short")
        packet_type = body[at] & 0x0F
        at += 1
    return packet_type, at


def _read_fourcc(body: memoryview, at: int) -> str:
    if len(body) < at + 4:
        raise ProtocolError("an enhanced tag has no FourCC")
    return "".join(chr(code) if 0x20 <= code < 0x7F else "?" for code in body[at : at + 4])


def _read_ex_video(body: memoryview) -> Tag:
    packet_type, at = _skip_modex(body, body[0] & 0x0F)
    kind = body[0] >> 4 & 0x07
    if packet_type == _VIDEO_METADATA or kind == _COMMAND_FRAME:
        return None
    if packet_type == _VIDEO_MULTITRACK:
        return Unsupported("multitrack video")
    fourcc = _read_fourcc(body, at)
    if fourcc != "avc1":
        return Unsupported(f"{fourcc} video")
    at += 4
    if packet_type == _SEQUENCE_START:
        return SequenceHeader(bytes(body[at:]))
    if packet_type == _CODED_FRAMES_X:
        return Frame(body[at:], kind == _KEY_FRAME, 0)
    if packet_type == _CODED_FRAMES:
        if len(body) < at + 3:
            raise ProtocolError("an enhanced video tag is cut short")
        return Frame(body[at + 3 :], kind == _KEY_FRAME, _signed24(body[at : at + 3]))
    return None


def _read_ex_audio(body: memoryview) -> Tag:
    packet_type, at = _skip_modex(body, body[0] & 0x0F)
    if packet_type == _AUDIO_MULTITRACK:
        return Unsupported("multitrack audio")
    fourcc = _read_fourcc(body, at)
    if fourcc != "mp4a":
        return Unsupported(f"{fourcc} audio")
    at += 4
    if packet_type == _SEQUENCE_START:
        return SequenceHeader(bytes(body[at:]))
    if packet_type == _CODED_FRAMES:
        return Frame(body[at:], is_flagged_key=True, cts_ms=0)
    return None
