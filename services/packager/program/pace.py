"""How long segments and parts are: chosen once, from the first seconds of a broadcast. Pure.

As design.md section 4, point 11, decides. Players take target durations for constants (RFC 8216bis 4.4.3.1, 4.4.3.7),
so they are fixed before anything is written.
"""

import math
from dataclasses import dataclass

from services.common.media.aac import parse_config
from services.common.media.even_parts import MIN_FILL, shortest_part
from services.common.media.sent_ahead import SentAhead, frames_to_a_part
from services.common.media.unit import CLOCK_RATE, Config, Track, Unit
from services.packager.program.instance import Instance

UNKNOWN_GOP_TARGET_S = 10
"""Target duration of an encoder whose first GOP is not closed in time.

Mostly it has what x264 does by itself, 250 frames: 10.4 s at 24 a second. A segment that is cut in mid-GOP has no place
to begin at, and hls.js may wait there for ever.
"""


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """What an operator may set, in seconds."""

    segment_s: float = 2.0
    part_s: float = 1 / 3
    opening_s: float = 2.5
    """The first GOP and the tracks are looked for this long."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Lengths in ticks of 90 kHz; fixed for a broadcast."""

    target_duration_s: int
    segment_min: int
    """A segment ends at the first key frame after this."""
    segment_max: int
    """A segment is cut without a key frame before it gets longer."""
    video_part: int
    """No video part is longer (PART-TARGET)."""
    audio_part: int
    frame: int
    """The usual interval of video frames."""


def _part_target(frames: int, frame: float) -> int:
    """The length of so many frames, and 1 ms for stamps rounded to milliseconds."""
    return math.ceil(frames * frame) + CLOCK_RATE // 1000


def longest_segment(target_duration_s: int) -> int:
    """Ticks: EXTINF is rounded to the nearest second before it is compared (RFC 8216bis 4.4.3.1)."""
    return round((target_duration_s + 0.45) * CLOCK_RATE)


@dataclass(frozen=True, slots=True)
class Opening:
    """What the first seconds of an instance show."""

    key: int
    """Decode time of the key frame to begin with."""
    gop: int | None
    """None: not closed yet."""
    frame: float
    audio_frame: float
    has_video: bool = True
    ahead: float = 0
    """How much of what is shown later is sent ahead where pictures are reordered."""


def key_period(settings: PaceSettings, gop: int | None) -> int:
    """From one key frame that ends a segment to the next, with GOPs of `gop` ticks; 0 if that is not known."""
    return 0 if gop is None else max(1, math.ceil((settings.segment_s - 0.05) * CLOCK_RATE / gop)) * gop


def make_pace(settings: PaceSettings, opening: Opening) -> Pace:
    """The lengths that suit an encoder which begins so."""
    period, frame = key_period(settings, opening.gop), opening.frame
    least_s = math.ceil(settings.segment_s)
    target_s = max(least_s, math.ceil(period / CLOCK_RATE - 0.25) if period else UNKNOWN_GOP_TARGET_S)
    part = (settings.part_s + 0.001) * CLOCK_RATE
    most = frames_to_a_part(part, frame=frame, segment=period, ahead=opening.ahead)
    video_part = _part_target(most, frame)
    shortest, longest = shortest_part(video_part, frame=frame, segment=period), most * frame
    if not opening.has_video:
        shortest = longest = settings.part_s * CLOCK_RATE
    return Pace(
        target_duration_s=target_s,
        segment_min=round((settings.segment_s - 0.05) * CLOCK_RATE),
        segment_max=longest_segment(target_s),
        video_part=video_part,
        audio_part=_part_target(_sound_frames(shortest, longest, opening.audio_frame), opening.audio_frame),
        frame=round(frame),
    )


def _sound_frames(shortest: float, longest: float, frame: float) -> int:
    """How many frames of sound a part has room for, as sound is cut where the picture is.

    For as many as may begin while the longest part of the picture lasts, but not for so many that those of the shortest
    one do not fill 85 % of it: they would wait for the next part, and a rest would be left at the segment's end.
    """
    least = math.floor(shortest / frame) * frame
    most = math.floor((least / MIN_FILL - CLOCK_RATE // 1000) / frame)
    return max(math.ceil(shortest / frame), min(math.floor(longest / frame) + 1, most), 1)


def survey(instance: Instance, settings: PaceSettings, *, is_late: bool = False) -> Opening | None:
    """Look at what an instance has sent so far; None if more should be waited for, unless `is_late`."""
    keys = instance.key_times
    if not keys:
        return None
    newest = keys[0] if instance.newest_dts is None else instance.newest_dts
    lead = Track.VIDEO if instance.has_video else Track.AUDIO
    gop = keys[1] - keys[0] if instance.has_video and len(keys) > 1 else None
    is_long_enough = newest - keys[0] >= settings.opening_s * CLOCK_RATE
    has_all = gop is not None and len(instance.tracks) == len(Track)
    if not (is_long_enough or has_all or is_late or instance.closed is not None):
        return None
    if not instance.has_video:
        # Sound alone is cut at the segment length exactly, so its "GOP" is that.
        gop = round(settings.segment_s * CLOCK_RATE)
    interval, ahead = _interval(instance, lead), SentAhead()
    for each in instance.kept(Track.VIDEO):
        if isinstance(each, Unit) and each.dts >= keys[0]:
            ahead.note(each, interval)
    return Opening(keys[0], gop, interval, _audio_frame(instance), instance.has_video, ahead.ticks(interval))


def _interval(instance: Instance, lead: Track) -> float:
    """The mean interval of frames; that of 30 a second where there is only one."""
    times = [unit.dts for unit in instance.kept(lead) if isinstance(unit, Unit)]
    if len(times) < 2 or times[-1] == times[0]:
        return CLOCK_RATE / 30
    return (times[-1] - times[0]) / (len(times) - 1)


def _audio_frame(instance: Instance) -> float:
    records = [config.record for config in instance.kept(Track.AUDIO) if isinstance(config, Config)]
    try:
        aac = parse_config(records[0])
    except (IndexError, ValueError):
        return 1024 * CLOCK_RATE / 48_000
    return aac.frame_length * CLOCK_RATE / aac.sample_rate
