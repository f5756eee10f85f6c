"""ffmpeg's HLS demuxer plays files through our playlists, and our parser reads the playlists ffmpeg writes."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from services.packager.hls.media_playlist import Part, PlaylistType, RenditionReport, Segment, ServerControl, Window
from services.packager.hls.parse import parse_media
from services.packager.hls.render import render_media
from tests.clients.hls_rules import check_playlist
from tests.packager.hls.histories import EPOCH_US

pytestmark = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="needs ffmpeg (apt install ffmpeg)")

FRAMES = 200


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True, timeout=50)
    assert done.stderr == ""
    return done.stdout


def _frames(source: str, cwd: Path) -> list[str]:
    """Hash of each coded picture that the demuxer hands out, in order."""
    show = ["-select_streams", "v", "-show_entries", "packet=data_hash", "-show_data_hash", "md5", "-of", "csv=p=0"]
    out = _run("ffprobe", "-v", "error", "-allowed_extensions", "ALL", *show, source, cwd=cwd)
    return [line.split(":")[1].rstrip(",") for line in out.splitlines() if line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four segments of 2 s as ffmpeg cuts them, with ffmpeg's own playlist `theirs.m3u8`."""
    made = tmp_path_factory.mktemp("hls")
    picture = f"testsrc=size=160x90:rate=25:duration={FRAMES / 25}"
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p"]
    cut = ["-f", "hls", "-hls_time", "2", "-hls_segment_type", "fmp4", "-hls_playlist_type", "vod"]
    make = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", picture]
    _run(*make, *encode, *cut, "theirs.m3u8", cwd=made)
    return made


def _ours(folder: Path) -> Window:
    """Their segments, numbered and dated by us."""
    theirs = parse_media((folder / "theirs.m3u8").read_text()).window
    time_us, segments = EPOCH_US, []
    for msn, segment in enumerate(theirs.segments, 1):
        segments.append(replace(segment, msn=msn, program_time_us=time_us))
        time_us += segment.duration_us
    return Window(2, tuple(segments), is_ended=True, playlist_type=PlaylistType.VOD)


def _write(folder: Path, window: Window) -> str:
    text = render_media(window).decode()
    assert check_playlist(text) == []
    (folder / "ours.m3u8").write_text(text)
    return "ours.m3u8"


def test_playlist_of_ffmpeg_is_read(folder: Path) -> None:
    """Another writer's text: four closed segments of 2 s with an init segment."""
    window = parse_media((folder / "theirs.m3u8").read_text()).window
    assert [(s.duration_us, s.init_uri) for s in window.segments] == [(2_000_000, "init.mp4")] * 4
    assert window.is_ended


def test_ffmpeg_plays_a_recording_through_our_playlist(folder: Path) -> None:
    """Every frame, the same as through its own playlist."""
    frames = _frames(_write(folder, _ours(folder)), folder)
    assert len(frames) == FRAMES
    assert frames == _frames("theirs.m3u8", folder)


def _with_parts(segment: Segment) -> Segment:
    parts = tuple(Part(f"p{segment.msn}.{i}.m4s", 500_000, i == 0) for i in range(4))
    return replace(segment, parts=parts)


def test_plain_player_ignores_what_is_low_latency(folder: Path) -> None:
    """A broadcast that has just ended, parts still listed: a player that knows no parts plays every frame."""
    recording = _ours(folder)
    window = replace(
        recording,
        segments=[_with_parts(segment) for segment in recording.segments],
        part_target_us=500_000,
        control=ServerControl.for_targets(2, 500_000),
        reports=(RenditionReport("audio.m3u8", 4, 3),),
        playlist_type=None,
    )
    assert len(_frames(_write(folder, window), folder)) == FRAMES


def test_ffmpeg_plays_on_across_a_discontinuity(folder: Path) -> None:
    """The first two segments again after the last, as after a reconnect."""
    first = _ours(folder)
    again = [
        replace(segment, uri=f"again-{segment.uri}", msn=segment.msn + 4, discontinuity_sequence=1)
        for segment in first.segments[:2]
    ]
    for segment in first.segments[:2]:
        shutil.copy(folder / segment.uri, folder / f"again-{segment.uri}")
    shifted = [replace(s, program_time_us=(s.program_time_us or 0) + 60_000_000) for s in again]
    window = replace(first, segments=(*first.segments, *shifted), playlist_type=None)
    frames = _frames(_write(folder, window), folder)
    assert frames[FRAMES:] == frames[:100]
