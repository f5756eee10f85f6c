"""What hls.js itself makes of our playlists: its own parser and its own merging of reloads and delta updates."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from services.packager.hls.attributes import FIRST_MSN
from services.packager.hls.media_playlist import Segment, Window
from services.packager.hls.render import DeltaRequest, MediaRenderer, render_media, render_multivariant
from tests.packager.hls.histories import UNHURRIED, Broadcast, broadcasts, steady, window_at, windows
from tests.packager.hls.test_multivariant import PLAYLIST

ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("hlsjs.mjs")


def _module() -> Path | None:
    """hls.js as `npm ci` puts it, here or where NODE_PATH says."""
    folders = [ROOT / "node_modules", *map(Path, filter(None, os.environ.get("NODE_PATH", "").split(os.pathsep)))]
    found = (folder / "hls.js" / "dist" / "hls.mjs" for folder in folders)
    return next((path for path in found if path.is_file()), None)


pytestmark = pytest.mark.skipif(
    shutil.which("node") is None or _module() is None,
    reason="needs node, and hls.js in node_modules (`npm ci`) or on NODE_PATH",
)


def _read(folder: Path, versions: list[bytes], multivariant: bytes | None = None) -> dict[str, Any]:
    sent = {"versions": [v.decode() for v in versions], "multivariant": multivariant and multivariant.decode()}
    done = subprocess.run(
        ["node", str(SCRIPT), str(_module()), str(folder)],
        input=json.dumps(sent),
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _told(segment: Segment) -> dict[str, Any]:
    time_us = segment.program_time_us
    return {
        "msn": segment.msn + FIRST_MSN,
        "uri": segment.uri,
        "duration": pytest.approx(segment.duration_us / 1e6, abs=1e-5),
        "discontinuity": segment.discontinuity_sequence,
        "init": segment.init_uri,
        "time": None if time_us is None else time_us // 1000,
        "gap": segment.is_gap,
    }


def _told_all(window: Window) -> list[dict[str, Any]]:
    return [_told(segment) for segment in window.segments if segment.is_closed]


@settings(UNHURRIED, max_examples=12, suppress_health_check=list(HealthCheck))
@given(broadcasts(max_segments=20))
def test_hlsjs_follows_a_broadcast_by_full_reloads(tmp_path: Path, broadcast: Broadcast) -> None:
    """No sequence mismatch, and every segment is known to hls.js as it is to us."""
    renderer = MediaRenderer()
    shown = [window for window in windows(broadcast) if any(s.is_closed for s in window.segments)]
    read = _read(tmp_path, [renderer.render(window) for window in shown])["versions"]
    for window, seen in zip(shown, read, strict=True):
        assert seen["error"] is None
        assert seen["segments"] == _told_all(window)


@settings(UNHURRIED, max_examples=12, suppress_health_check=list(HealthCheck))
@given(broadcasts(max_segments=24))
def test_hlsjs_follows_a_broadcast_by_delta_updates(tmp_path: Path, broadcast: Broadcast) -> None:
    """One full playlist, then nothing but updates: across discontinuities and changes of init segment."""
    long = replace(broadcast, window_us=16_000_000 * broadcast.target_duration)
    shown = [window for window in windows(long) if any(s.is_closed for s in window.segments)]
    updates = [
        render_media(window, delta=DeltaRequest.YES if i else DeltaRequest.NONE) for i, window in enumerate(shown)
    ]
    for window, seen in zip(shown, _read(tmp_path, updates)["versions"], strict=True):
        assert seen["error"] is None
        assert not seen["deltaUpdateFailed"]
        assert seen["segments"] == _told_all(window)


def test_hlsjs_sees_low_latency_as_we_mean_it(tmp_path: Path) -> None:
    """Parts with their segments and indexes, the hint, the report, hold-back and blocking reload."""
    window = window_at(steady(9), 8, 2)
    seen = _read(tmp_path, [render_media(window)])["versions"][0]
    listed = [(s.msn + FIRST_MSN, i, p.uri) for s in window.segments[5:] for i, p in enumerate(s.parts)]
    assert [(part["msn"], part["index"], part["uri"]) for part in seen["parts"]] == listed
    assert [part["independent"] for part in seen["parts"][-2:]] == [True, False]
    assert (seen["partTarget"], seen["partHoldBack"], seen["canBlockReload"]) == (0.33334, 1.00002, True)
    assert (seen["hint"], seen["reports"], seen["live"]) == ("v8.2.m4s", 1, True)


def test_hlsjs_takes_a_delta_update_as_one(tmp_path: Path) -> None:
    """The test above would pass if nothing were ever skipped."""
    window = window_at(replace(steady(40), window_us=40_000_000), 30)
    seen = _read(tmp_path, [render_media(window), render_media(window, delta=DeltaRequest.YES)])["versions"][1]
    assert seen["skipped"] == 13
    assert len(seen["segments"]) == 20


def test_hlsjs_would_tell_us_of_a_changed_uri(tmp_path: Path) -> None:
    """The judge is awake: a number whose URI changes is the error our rules exist to prevent."""
    window = window_at(steady(6), 5)
    changed = [replace(segment, uri=f"x{segment.msn}.m4s") for segment in window.segments]
    read = _read(tmp_path, [render_media(window), render_media(replace(window, segments=changed))])
    assert "media sequence mismatch" in read["versions"][1]["error"]


def test_hlsjs_reads_the_multivariant_playlist(tmp_path: Path) -> None:
    """One level with both codecs, and its audio track."""
    read = _read(tmp_path, [], render_multivariant(PLAYLIST, query="token=x"))["multivariant"]
    assert read["error"] is None
    level = read["levels"][0]
    assert level["url"] == "http://origin/b1/b1/video.m3u8?token=x"
    assert (level["bitrate"], level["width"], level["height"]) == (4_500_000, 1280, 720)
    assert (level["videoCodec"], level["audioCodec"]) == ("avc1.64001f", "mp4a.40.2")
    assert read["audio"] == [{"url": "http://origin/b1/b1/audio.m3u8?token=x", "name": "Audio", "default": True}]
