"""Renditions as a multivariant playlist. Pure."""

from collections import Counter
from collections.abc import Sequence

from headwater.internal.v1.cmaf_pb2 import Rendition
from headwater.internal.v1.protection_pb2 import CaptionTrack
from services.packager.hls.multivariant import Alternative, Multivariant, Variant

AUDIO_GROUP = "sound"
TEXT_GROUP = "text"
CAPTIONS_GROUP = "cc"

LIVE_ENDING, RECORDING_ENDING = ".m3u8", ".vod.m3u8"
"""Who has followed a broadcast reloads the first after its end and must find the list that he has; who comes later is
told the second. Both lie in one folder: their segments have the same addresses."""

_ROUND_TO = 1000
"""Bits a second: measured rates are rounded up, so that the durations a player reads never give a higher one."""


def multivariant(
    renditions: Sequence[Rendition],
    base: str,
    captions: Sequence[CaptionTrack] = (),
    *,
    ending: str = LIVE_ENDING,
    is_young: bool = False,
) -> Multivariant:
    """One variant out of a picture and a sound, either of which may be missing; `base` leads to their playlists.

    `ending`: of the playlists' names, behind the rendition's.
    `is_young`: too few segments are closed for Shaka 5.2, which looks for closed captions in three of them and trips
    over one that is open; it does not look where some are announced (docs/players.md).
    """
    video = next((r for r in renditions if r.kind == Rendition.VIDEO), None)
    audio = next((r for r in renditions if r.kind == Rendition.AUDIO), None)
    lead = video or audio
    if lead is None:
        return Multivariant(())
    both = [rendition for rendition in (video, audio) if rendition is not None]
    average = sum(rendition.average_bandwidth for rendition in both)
    groups = (_sound(audio, f"{base}{audio.name}{ending}"),) if video is not None and audio is not None else ()
    variant = Variant(
        bandwidth=_rounded_up(max(sum(map(_peak, both)), average, 1)),
        uri=f"{base}{lead.name}{ending}",
        codecs=tuple(rendition.codecs for rendition in both),
        average_bandwidth=_rounded_up(average) or None,
        resolution=(video.width, video.height) if video is not None else None,
        frame_rate=video.frame_rate or None if video is not None else None,
        audio=AUDIO_GROUP if groups else None,
        subtitles=TEXT_GROUP if captions else None,
        closed_captions=CAPTIONS_GROUP if is_young and video is not None else None,
    )
    announced = (_ANY_CAPTIONS,) if variant.closed_captions else ()
    return Multivariant((variant,), groups, _texts(captions, base), announced)


_ANY_CAPTIONS = Alternative(CAPTIONS_GROUP, "CC1", type="CLOSED-CAPTIONS", is_autoselect=True, instream_id="CC1")
"""Those of the picture, if it has any: players look for them anyway."""


def _sound(audio: Rendition, uri: str) -> Alternative:
    return Alternative(
        AUDIO_GROUP,
        "Main",
        uri,
        is_default=True,
        is_autoselect=True,
        channels=str(audio.channels or 2),
    )


def _texts(captions: Sequence[CaptionTrack], base: str) -> tuple[Alternative, ...]:
    """Shown to those who ask for one, or whose device is set to its language. No two may have one name."""
    labels = Counter(track.label for track in captions)
    return tuple(
        Alternative(
            TEXT_GROUP,
            track.label if labels[track.label] == 1 else f"{track.label} ({track.language})",
            f"{base}captions/{track.language}.m3u8",
            "SUBTITLES",
            track.language,
            is_autoselect=True,
        )
        for track in captions
    )


def _peak(rendition: Rendition) -> int:
    """Measured over closed segments; over the open one until there is a closed one."""
    if rendition.peak_bandwidth or not rendition.segment_duration:
        return rendition.peak_bandwidth
    return rendition.segment_bytes * 8 * rendition.timescale // rendition.segment_duration


def _rounded_up(bits: int) -> int:
    return -(-bits // _ROUND_TO) * _ROUND_TO
