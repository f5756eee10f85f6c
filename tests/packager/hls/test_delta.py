"""Delta updates: what is left out comes back."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.packager.hls.delta import DeltaError, apply_delta, skipped_segments
from services.packager.hls.parse import parse_media
from services.packager.hls.render import DeltaRequest, render_media
from tests.clients.hls_rules import check_delta, check_playlist
from tests.packager.hls.histories import UNHURRIED, Broadcast, broadcasts, steady, window_at, windows

LONG = replace(steady(40), window_us=40_000_000)


@settings(UNHURRIED, max_examples=80)
@given(broadcasts(max_segments=24), st.data())
def test_delta_on_any_older_version_gives_the_newer_one(broadcast: Broadcast, data: st.DataObject) -> None:
    """Across discontinuities and changes of init segment, whatever a client had before."""
    versions = list(windows(replace(broadcast, window_us=16_000_000 * broadcast.target_duration)))
    new = data.draw(st.integers(0, len(versions) - 1))
    old = data.draw(st.integers(0, new))
    newer, older = render_media(versions[new]).decode(), render_media(versions[old]).decode()
    update = render_media(versions[new], delta=data.draw(st.sampled_from(DeltaRequest))).decode()
    assert check_playlist(update) == []
    try:
        applied = apply_delta(parse_media(older).window, parse_media(update))
    except DeltaError:
        newest = parse_media(older).window.segments[-1].msn
        read = parse_media(update)
        assert newest <= read.media_sequence + read.skipped_segments  # only what it never had closed
        return
    assert render_media(applied).decode() == newer
    assert check_delta(older, update, newer) == []


@pytest.mark.parametrize("break_at", [21, 22, 23, 24])
def test_break_near_the_seam_keeps_its_number_and_map(break_at: int) -> None:
    """Segment 23 is the first after the SKIP: a reconnect there, just before or just after is not lost."""
    segments = [
        replace(segment, discontinuity_sequence=1, init_uri="init1.mp4") if segment.msn >= break_at else segment
        for segment in LONG.segments
    ]
    broken = replace(LONG, segments=tuple(segments))
    older, newer = window_at(broken, 29), window_at(broken, 30, 2)
    update = render_media(newer, delta=DeltaRequest.YES).decode()
    applied = apply_delta(parse_media(render_media(older).decode()).window, parse_media(update))
    assert render_media(applied) == render_media(newer)
    numbers = [(segment.msn, segment.discontinuity_sequence) for segment in applied.segments]
    assert numbers == [(segment.msn, segment.discontinuity_sequence) for segment in newer.segments]
    assert check_delta(render_media(older).decode(), update, render_media(newer).decode()) == []


def test_delta_leaves_out_what_lies_beyond_the_boundary() -> None:
    """Of 20 segments of 2 s those that end more than 12 s from the end are skipped."""
    window = window_at(LONG, 30, 2)
    assert len(window.segments) == 21
    assert skipped_segments(window) == 13
    text = render_media(window, delta=DeltaRequest.YES).decode()
    assert "#EXT-X-VERSION:9\n" in text
    assert "#EXT-X-SKIP:SKIPPED-SEGMENTS=13\n" in text
    assert "v22.m4s" not in text
    assert "v23.m4s" in text


def test_delta_says_the_map_of_its_first_segment() -> None:
    """A client needs nothing of the skipped tags to decode what follows."""
    text = render_media(window_at(LONG, 30), delta=DeltaRequest.YES).decode()
    assert '#EXT-X-MAP:URI="init0.mp4"' in text.split("#EXT-X-SKIP")[1]


def test_second_version_of_the_directive_names_removed_date_ranges() -> None:
    """There are none, and v2 wants that said (4.4.5.2)."""
    text = render_media(window_at(LONG, 30), delta=DeltaRequest.V2).decode()
    assert 'SKIPPED-SEGMENTS=13,RECENTLY-REMOVED-DATERANGES=""' in text


def test_short_window_is_answered_in_full() -> None:
    """With nothing beyond the boundary there is nothing to skip."""
    window = window_at(steady(6), 5, 1)
    assert render_media(window, delta=DeltaRequest.YES) == render_media(window)


def test_window_without_a_boundary_is_never_skipped() -> None:
    """No CAN-SKIP-UNTIL, no delta updates (6.2.5.1)."""
    assert skipped_segments(replace(window_at(LONG, 30), control=None)) == 0


def test_client_that_lacks_skipped_segments_is_told() -> None:
    """It has to ask for the full playlist (6.3.7)."""
    update = parse_media(render_media(window_at(LONG, 38), delta=DeltaRequest.YES).decode())
    with pytest.raises(DeltaError, match="29"):
        apply_delta(window_at(LONG, 29), update)
