"""What a parser of others (PyPI's m3u8) reads in our playlists."""

from typing import Any

import m3u8
from hypothesis import given, settings

from services.packager.hls.attributes import FIRST_MSN
from services.packager.hls.render import render_media, render_multivariant
from tests.packager.hls.histories import UNHURRIED, Broadcast, broadcasts, windows
from tests.packager.hls.test_multivariant import PLAYLIST, SUBTITLED


def _part(part: Any) -> tuple[Any, ...]:
    return part.uri, part.independent == "YES", part.gap == "YES"


@settings(UNHURRIED, max_examples=25)
@given(broadcasts(max_segments=6))
def test_library_reads_what_we_wrote(broadcast: Broadcast) -> None:
    """Numbers, segments, maps, dates, parts, hint and report."""
    for window in windows(broadcast):
        read = m3u8.loads(render_media(window).decode())
        assert read.target_duration == window.target_duration
        assert read.media_sequence == window.segments[0].msn + FIRST_MSN
        assert read.discontinuity_sequence == window.segments[0].discontinuity_sequence
        assert read.is_endlist == window.is_ended
        for segment, seen in zip(window.segments, read.segments, strict=False):
            if segment.is_closed:
                assert (seen.uri, seen.init_section.uri) == (segment.uri, segment.init_uri)
                assert abs(seen.duration * 1e6 - segment.duration_us) < 10
                assert segment.program_time_us is not None
                assert round(seen.program_date_time.timestamp() * 1000) == segment.program_time_us // 1000
            if seen.parts:
                told = [(p.uri, p.is_independent, p.is_gap) for p in segment.parts]
                assert [_part(part) for part in seen.parts] == told
                lengths = zip(seen.parts, segment.parts, strict=True)
                assert all(abs(part.duration * 1e6 - p.duration_us) < 10 for part, p in lengths)
        if not window.is_ended:
            assert read.preload_hint.uri == window.hints[0].uri
            assert read.rendition_reports[0].last_msn == window.reports[0].last_msn + FIRST_MSN


def test_library_reads_the_multivariant_playlist() -> None:
    """Variant, its group and its numbers."""
    read = m3u8.loads(render_multivariant(PLAYLIST).decode())
    assert read.is_variant
    info = read.playlists[0].stream_info
    assert (info.bandwidth, info.average_bandwidth, info.resolution) == (4_500_000, 4_100_000, (1280, 720))
    assert (info.codecs, info.frame_rate, info.audio) == ("avc1.64001f,mp4a.40.2", 29.97, "audio")
    assert [(media.group_id, media.uri) for media in read.media] == [("audio", "b1/audio.m3u8")]
    subtitled = m3u8.loads(render_multivariant(SUBTITLED).decode())
    assert [(media.type, media.language) for media in subtitled.media] == [("AUDIO", None), ("SUBTITLES", "de")]
