"""Which segment has the picture of a moment, and where in it."""

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import chain

from headwater.internal.v1.cmaf_pb2 import Rendition
from headwater.internal.v1.cmaf_pb2 import Segment as Record
from services.packager.hls.media_playlist import Segment
from services.packager.origin.live import LiveProgram
from services.packager.origin.recording import RecordedMedia
from services.packager.origin.track import Track, init_path


@dataclass(frozen=True, slots=True)
class Scene:
    """A segment of a video rendition, and so many seconds after its first key frame."""

    name: str
    msn: int
    init_id: str
    offset_s: float


def recorded_scene(media: RecordedMedia, time_us: float) -> Scene | None:
    """The last segment with a picture that begins at or before a time, or else the first one; None: there is none."""
    name = next((each.name for each in media.renditions.values() if each.kind == Rendition.VIDEO), None)
    if name is None:
        return None
    count = len(media.segments)
    place = min(max(0, bisect_right(media.starts_us, time_us) - 1), count - 1)
    for index in chain(range(place, -1, -1), range(place + 1, count)):
        init_id = _init_id(media.segments[index], name)
        if init_id is not None:
            # After a gap the wanted moment lies beyond the segment: its last key frame is meant.
            offset_s = max(0.0, (time_us - media.starts_us[index]) / 1e6)
            return Scene(name, media.segments[index].msn, init_id, offset_s)
    return None


def _init_id(record: Record, name: str) -> str | None:
    return next((each.init_id for each in record.renditions if each.name == name and each.length), None)


def live_scene(program: LiveProgram, time_us: float | None) -> tuple[Scene, list[bytes]] | None:
    """The same of the live window, with init segment and media; `time_us` since 1970, None: the newest key frame."""
    renditions = program.ledger.state.renditions
    track = next((program.tracks[each.number] for each in renditions if each.kind == Rendition.VIDEO), None)
    if track is None:
        return None
    shown = [segment for segment in track.closed if not segment.is_gap and track.segment_bytes(segment.msn)]
    if not shown:
        return None
    segment = _at_or_before(shown, time_us)
    init_id = next((key[1] for key in program.inits if init_path(*key) == segment.init_uri), None)
    if init_id is None:
        return None
    begin_us = segment.program_time_us or 0
    offset_s = math.inf if time_us is None else max(0.0, (time_us - begin_us) / 1e6)
    return Scene(track.name, segment.msn, init_id, offset_s), _bytes(program, track, segment, init_id)


def _at_or_before(shown: list[Segment], time_us: float | None) -> Segment:
    if time_us is None:
        return shown[-1]
    place = bisect_right([segment.program_time_us or 0 for segment in shown], time_us) - 1
    return shown[max(0, place)]


def _bytes(program: LiveProgram, track: Track, segment: Segment, init_id: str) -> list[bytes]:
    return [program.inits[track.name, init_id], *(track.segment_bytes(segment.msn) or [])]
