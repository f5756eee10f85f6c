"""`player`: the watch page in headless Chromium while the demo picture is pushed."""

import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from tests.bench.encoders import guarded
from tests.bench.figures import percentile
from tests.bench.headwater import Headwater
from tests.bench.needs import UnavailableError, needed
from tests.bench.progress import say
from tests.bench.table import Cell, Table
from tests.bench.web import live_playlists

_LOOK_EACH_S = 0.25
_FIRST_FRAME_S = 20.0
_SETTLE_S = 5.0
_END_S = 10.0
_ERRORS_TOLD = 20
_FLAGS = ["--autoplay-policy=no-user-gesture-required", "--no-sandbox", "--disable-dev-shm-usage"]

FIRST_FRAME = """
document.addEventListener("DOMContentLoaded", () => {
  const video = document.querySelector("video");
  video.requestVideoFrameCallback(() => { window.firstFrameShown = performance.now(); });
});
"""
LOOK = """() => {
  const page = window.headwater, shown = page?.hls?.playingDate, video = document.querySelector("video");
  return {
    behind: shown ? (Date.now() - shown.getTime()) / 1000 : null, errors: page?.errors ?? [], fatal: page?.fatal ?? 0,
    stalls: page?.stalls ?? 0, now: Date.now(), first: window.firstFrameShown ?? null, at: video?.currentTime ?? 0,
    rate: video?.playbackRate ?? 0, dropped: video?.getVideoPlaybackQuality().droppedVideoFrames ?? 0,
  };
}"""


def run(options: Namespace, folder: Path) -> list[Table]:
    """Behind live, first frame, errors."""
    chromium = _chromium()
    with Headwater(folder, options.settings) as system:
        demo = _push(system.push_url(0), folder / "demo.log")
        try:
            live_playlists(system.origin, system.livestream(0)["id"], at_least_segments=4)
            seen = _watch(chromium, f"{system.origin}/{system.livestream(0)['id']}/watch", options.seconds)
        finally:
            _end(demo)
    return [report(seen, options.seconds)]


def _chromium() -> str:
    try:
        return needed("chromium", "chromium")
    except UnavailableError:
        return needed("google-chrome", "chromium")


def _push(url: str, log: Path) -> "subprocess.Popen[bytes]":
    target, _, key = url.rpartition("/")
    command = [sys.executable, "-m", "headwater.cli", "demo", "--url", target, "--key", key]
    with log.open("wb") as out:
        return subprocess.Popen(guarded(command), stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _watch(chromium: str, url: str, seconds: float) -> list[dict[str, Any]]:
    """What the page says, four times a second from the first frame on."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=_FLAGS)
        try:
            page = browser.new_page()
            page.add_init_script(FIRST_FRAME)
            say(f"watching {url} for {seconds:.0f} s")
            page.goto(url, wait_until="commit")
            page.wait_for_function("() => window.firstFrameShown !== undefined", timeout=_FIRST_FRAME_S * 1000)
            return _looks(page, seconds)
        finally:
            browser.close()


def _looks(page: Page, seconds: float) -> list[dict[str, Any]]:
    seen = []
    began, said = time.monotonic(), 0.0
    while (now := time.monotonic() - began) < seconds:
        seen.append({**page.evaluate(LOOK), "after": now})
        if now - said >= 10:
            said = now
            say(f"behind live {seen[-1]['behind']} s, errors {len(seen[-1]['errors'])}, {seconds - now:.0f} s left")
        page.wait_for_timeout(_LOOK_EACH_S * 1000)
    return seen


def report(seen: Sequence[dict[str, Any]], seconds: float) -> Table:
    """The table of one watch; the player is given some seconds to find its place before its delay counts."""
    settled = [look for look in seen if look["after"] >= min(_SETTLE_S, seconds / 2)]
    behind = [look["behind"] for look in settled if look["behind"] is not None]
    last = seen[-1]
    errors = [_error(error, seen[0]["now"]) for error in last["errors"]]
    rows: list[tuple[Cell, ...]] = [
        ("behind live, p50 s", percentile(behind, 0.5), "<= 1.5"),
        ("behind live, p99 s", percentile(behind, 0.99), ""),
        ("behind live, most s", max(behind, default=None), ""),
        ("first frame after opening the page, ms", last["first"], "<= 1000"),
        ("played, s", last["at"] - seen[0]["at"], f"{seconds:g}"),
        ("stalls (waiting events, the start included)", last["stalls"], ""),
        ("frames dropped", last["dropped"], ""),
        ("error events", len(errors), "0"),
        ("fatal errors", last["fatal"], "0"),
    ]
    return Table(f"hls.js in Chromium for {seconds:g} s", ("what", "value", "goal"), rows, tuple(errors[:_ERRORS_TOLD]))


def _error(error: dict[str, Any], first_look_ms: float) -> str:
    kind = "fatal" if error["fatal"] else "not fatal"
    return f"{error['details']} ({kind}), {(error['at'] - first_look_ms) / 1000:+.1f} s from the first frame"
