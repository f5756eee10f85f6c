"""Playlists as text, judged by our rule checker and by eye."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.packager.hls.media_playlist import Hint, PlaylistType, Start, Window
from services.packager.hls.parse import parse_media
from services.packager.hls.query import with_query
from services.packager.hls.render import DeltaRequest, MediaRenderer, media_version, render_media
from tests.clients.hls_rules import check_history, check_playlist
from tests.packager.hls.histories import UNHURRIED, Broadcast, broadcasts, steady, window_at, windows


def test_live_window_is_written_as_expected() -> None:
    """A small low-latency window, line by line."""
    window = replace(window_at(steady(3), 2, 1), segments=window_at(steady(3), 2, 1).segments[1:])
    assert render_media(window).decode().splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:6",
        "#EXT-X-TARGETDURATION:2",
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.00002,HOLD-BACK=6.00000,CAN-SKIP-UNTIL=12.00000",
        "#EXT-X-PART-INF:PART-TARGET=0.33334",
        "#EXT-X-MEDIA-SEQUENCE:2",
        "#EXT-X-DISCONTINUITY-SEQUENCE:0",
        '#EXT-X-MAP:URI="init0.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:42.123Z",
        '#EXT-X-PART:DURATION=0.33333,URI="v1.0.m4s",INDEPENDENT=YES',
        *(f'#EXT-X-PART:DURATION=0.33333,URI="v1.{i}.m4s"' for i in range(1, 6)),
        "#EXTINF:2.00000,",
        "v1.m4s",
        "#EXT-X-PROGRAM-DATE-TIME:2026-11-18T11:06:44.123Z",
        '#EXT-X-PART:DURATION=0.33333,URI="v2.0.m4s",INDEPENDENT=YES',
        '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="v2.1.m4s"',
        '#EXT-X-RENDITION-REPORT:URI="audio.m3u8",LAST-MSN=3,LAST-PART=1',
    ]


def test_no_segment_is_called_number_0() -> None:
    """hls.js takes that for no number: it forgets each part of such a segment, and loads it again without end."""
    text = render_media(window_at(steady(3), 0, 1)).decode()
    assert "#EXT-X-MEDIA-SEQUENCE:1\n" in text
    assert 'URI="v0.0.m4s"' in text
    assert "LAST-MSN=1," in text
    assert parse_media(text).window.segments[0].msn == 0


@settings(UNHURRIED, max_examples=60)
@given(broadcasts(), st.booleans())
def test_every_version_keeps_the_rules(broadcast: Broadcast, with_parts: bool) -> None:
    """Whatever a packager may put out, each version is valid and so is the way from one to the next."""
    renderer = MediaRenderer()
    texts = [renderer.render(window, with_parts=with_parts).decode() for window in windows(broadcast)]
    for text in texts:
        assert check_playlist(text) == []
    assert check_history(enumerate(texts)) == []


@settings(UNHURRIED, max_examples=60)
@given(broadcasts(), st.data())
def test_kept_texts_change_nothing(broadcast: Broadcast, data: st.DataObject) -> None:
    """A renderer that has seen everything and one that starts here write the same bytes: replicas agree."""
    versions = list(windows(broadcast))
    renderer = MediaRenderer()
    for window in data.draw(st.permutations(versions)):
        delta = data.draw(st.sampled_from(DeltaRequest))
        assert renderer.template(window, delta=delta) == MediaRenderer().template(window, delta=delta)


def test_texts_of_segments_that_left_are_forgotten() -> None:
    """A renderer keeps no more than about two windows, however long it runs."""
    renderer = MediaRenderer()
    for window in windows(steady(200)):
        renderer.template(window)
    assert len(renderer._texts) <= 2 * 12 + 8


def test_segment_replaced_under_its_number_is_written_anew() -> None:
    """The kept text belongs to the segment, not to its number."""
    renderer, window = MediaRenderer(), window_at(steady(4), 3)
    renderer.render(window)
    other = replace(window.segments[1], uri="other.m4s")
    text = renderer.render(replace(window, segments=(window.segments[0], other, *window.segments[2:])))
    assert b"other.m4s" in text


@pytest.mark.parametrize("change", [{"init_uri": "init9.mp4"}, {"discontinuity_sequence": -1}])
def test_segment_after_another_one_than_before_is_written_anew(change: dict[str, Any]) -> None:
    """Whether MAP and DISCONTINUITY stand before a segment depends on the one before it."""
    renderer, window = MediaRenderer(), window_at(steady(4), 3)
    renderer.render(window)
    other = replace(window, segments=(replace(window.segments[0], **change), *window.segments[1:]))
    assert renderer.render(other) == render_media(other)


def test_parts_stay_until_three_target_durations_from_the_end() -> None:
    """Of segments of 2 s and a target of 2 s, those that end 6 s or less from the end list parts."""
    read = parse_media(render_media(window_at(steady(9), 8)).decode()).window
    assert [segment.msn for segment in read.segments if segment.parts] == [4, 5, 6, 7]


def test_window_without_parts_is_a_plain_playlist() -> None:
    """With low latency off nothing is left that a plain player would not expect; reload may still block."""
    text = render_media(window_at(steady(6), 5, 3), with_parts=False).decode()
    assert "PART" not in text
    assert "HINT" not in text
    assert "CAN-BLOCK-RELOAD=YES,HOLD-BACK=6.00000" in text
    assert text.endswith("v4.m4s\n")


def test_ended_window_has_no_hint_and_an_end() -> None:
    """Hints and reports go when the broadcast is over, even if the caller left them in."""
    window = replace(window_at(steady(6), 5), is_ended=True)
    text = render_media(window).decode()
    assert text.endswith("v4.m4s\n#EXT-X-ENDLIST\n")
    assert check_playlist(text) == []


def test_ended_window_is_never_skipped() -> None:
    """A server ignores _HLS_skip once there is an ENDLIST (6.2.5.1)."""
    window = replace(window_at(replace(steady(30), window_us=40_000_000), 29), is_ended=True)
    assert render_media(window, delta=DeltaRequest.YES) == render_media(window)


def test_discontinuity_restates_the_map_and_counts_every_number() -> None:
    """Two numbers passed are two tags, so that a client that counts tags arrives at the same number."""
    segments = list(steady(3).segments)
    segments[1:] = [replace(segment, discontinuity_sequence=2) for segment in segments[1:]]
    text = render_media(Window(2, tuple(segments))).decode()
    between = text.split("v0.m4s\n")[1].split("#EXT-X-PROGRAM")[0]
    assert between == '#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI="init0.mp4"\n'
    assert text.count("#EXT-X-MAP") == 2


def test_changed_init_segment_is_stated_without_discontinuity() -> None:
    """A MAP stands wherever the one in force is not the segment's own."""
    segments = list(steady(3).segments)
    segments[2] = replace(segments[2], init_uri="init1.mp4")
    read = parse_media(render_media(Window(2, tuple(segments))).decode()).window
    assert [segment.init_uri for segment in read.segments] == ["init0.mp4", "init0.mp4", "init1.mp4"]


def test_recording_is_a_vod_playlist() -> None:
    """Closed segments, a type and an end; no server control, no discontinuity sequence."""
    window = Window(2, steady(5).segments, is_ended=True, playlist_type=PlaylistType.VOD)
    text = render_media(window, with_parts=False).decode()
    assert check_playlist(text) == []
    assert text.splitlines()[1:4] == ["#EXT-X-VERSION:6", "#EXT-X-TARGETDURATION:2", "#EXT-X-PLAYLIST-TYPE:VOD"]
    assert "SERVER-CONTROL" not in text


def test_start_offset_counts_from_the_end() -> None:
    """A negative offset in microseconds is printed in seconds with its sign."""
    window = replace(window_at(steady(12), 10), start=Start(-8_500_000, is_precise=True))
    assert b"#EXT-X-START:TIME-OFFSET=-8.50000,PRECISE=YES\n" in render_media(window)


def test_map_is_hinted_before_a_part_that_needs_it() -> None:
    """A new init segment can be asked for before the part it goes with (4.4.5.3)."""
    hints = (Hint("MAP", "init1.mp4"), Hint("PART", "v5.0.m4s"))
    text = render_media(replace(window_at(steady(6), 5), hints=hints)).decode()
    assert check_playlist(text) == []
    assert text.index("TYPE=MAP") < text.index("TYPE=PART")


def test_gap_is_marked_on_segment_and_parts() -> None:
    """What is not there must not be fetched (4.4.4.7)."""
    segment = steady(1).segments[0]
    gone = replace(segment, is_gap=True, parts=tuple(replace(part, is_gap=True) for part in segment.parts))
    text = render_media(Window(2, (gone,), part_target_us=333_334)).decode()
    assert "#EXT-X-GAP\n#EXTINF:2.00000,\nv0.m4s\n" in text
    assert text.count("GAP=YES") == 6


def test_version_is_no_higher_than_needed() -> None:
    """3 for decimal durations, 6 with a MAP, 9 with a SKIP (section 8)."""
    window = window_at(steady(6), 5)
    bare = replace(window, segments=[replace(segment, init_uri=None) for segment in window.segments])
    assert [media_version(bare, 0), media_version(window, 0), media_version(window, 3)] == [3, 6, 9]


def test_query_stands_after_every_uri_and_directives_after_none() -> None:
    """Segments, parts, map, hint and report carry the viewer's token; `_HLS_…` is kept back."""
    text = render_media(window_at(steady(6), 5, 2), query="_HLS_msn=5&token=a%2Fb&_HLS_skip=YES").decode()
    assert "_HLS_" not in text
    uris = [line for line in text.splitlines() if "URI=" in line or not line.startswith("#")]
    assert uris
    assert all("?token=a%2Fb" in line for line in uris)
    assert check_playlist(text) == []


@UNHURRIED
@given(broadcasts(max_segments=4), st.text(alphabet="abc=&%1_HLS", max_size=30))
def test_template_with_query_is_what_render_gives(broadcast: Broadcast, query: str) -> None:
    """One template serves all queries, the empty one too."""
    window = window_at(broadcast, 1)
    plain = with_query(MediaRenderer().template(window), "")
    assert plain == render_media(window)
    assert b"\0" not in render_media(window, query=query)


def test_empty_window_is_still_a_playlist() -> None:
    """Before the first part there is a header and nothing else."""
    assert check_playlist(render_media(Window(2, ())).decode()) == []


def test_open_segment_without_parts_leaves_no_tags() -> None:
    """Its date and map come with its first part."""
    broadcast = steady(3)
    bare = replace(broadcast.segments[2], parts=(), is_closed=False)
    window = Window(2, (*broadcast.segments[:2], bare), part_target_us=333_334)
    assert render_media(window).decode().endswith("v1.m4s\n")
