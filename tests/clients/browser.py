"""Headless Chromium with a player in it, as a viewer has it: hls.js or Shaka as they come, or our own page."""

import asyncio
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.async_api import Browser, Page, async_playwright

CHECKOUT = Path(__file__).parents[2]
PAGES = Path(__file__).parent / "pages"
SCRIPTS = {
    "hls.min.js": CHECKOUT / "services/packager/static/vendor/hls.min.js",
    "shaka-player.compiled.js": CHECKOUT / "node_modules/shaka-player/dist/shaka-player.compiled.js",
}
POLL_S = 0.1
LAST_FRAMES_S = 0.1
ARGUMENTS = ["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]


def chromium() -> str | None:
    """Where Chromium is on this machine."""
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@dataclass
class Stall:
    """The picture stood still. Milliseconds by the page's clock, and where in the program."""

    at: float
    ms: float
    time: float
    to: float


class Player:
    """One page with a player. `look` asks it; the page notes all that happens in between by itself."""

    def __init__(self, page: Page, kind: str) -> None:
        self.page = page
        self.kind = kind

    async def look(self) -> dict[str, Any]:
        """errors, fatal, stalls, firstFrameMs, time, playingDate, delayMs, standingMs, jumpsBack, ended …"""
        found: dict[str, Any] = await self.page.evaluate("window.look()")
        return found

    async def plays(self, *, deadline_s: float = 30.0, past_s: float = 0.0) -> dict[str, Any]:
        """Return once the picture moves, beyond a place in the program."""
        first = await self.look()
        return await self.until(
            lambda now: now["time"] > max(first["time"], past_s) and now["standingMs"] < 300,
            f"the picture moves (from {first['time']:.2f} s)",
            deadline_s=deadline_s,
        )

    async def until(self, holds: Any, what: str, *, deadline_s: float) -> dict[str, Any]:
        """The first look that is as it should be; AssertionError with the last one."""
        seen: dict[str, Any] = {}
        try:
            async with asyncio.timeout(deadline_s):
                while not holds(seen := await self.look()):  # noqa: ASYNC110  who is asked sends no event
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise AssertionError(f"{self.kind}: not within {deadline_s:g} s: {what}; {_told(seen)}") from None
        return seen

    async def shows_all(self, *, deadline_s: float) -> dict[str, Any]:
        """Return once it says that it has ended, or stands at its last frames in a playlist that has.

        Stock hls.js never says so of a program with a hole in its sound, however short, as there is where an encoder
        has come back (docs/players.md).
        """
        return await self.until(
            lambda seen: seen["ended"] or (seen["live"] is False and seen["time"] >= seen["duration"] - LAST_FRAMES_S),
            "the end",
            deadline_s=deadline_s,
        )

    async def stalls(self) -> list[Stall]:
        """All stops so far, the present one included."""
        seen = await self.look()
        found = [Stall(**each) for each in seen["stalls"]]
        if seen["standingMs"] > 300 and not seen["ended"]:
            found.append(Stall(seen["now"] - seen["standingMs"], seen["standingMs"], seen["time"], seen["time"]))
        return found

    async def holes(self) -> list[tuple[str, float, float]]:
        """Track, begin and end (s) of what is missing between two things that it was handed; hls.js alone tells."""
        buffered: dict[str, list[list[float]]] = (await self.look())["buffered"]
        return [
            (track, before[1], after[0]) for track, ranges in buffered.items() for before, after in pairwise(ranges)
        ]

    async def assert_well(self, *, longest_stall_s: float) -> None:
        """No fatal error, and no stall longer than that."""
        seen = await self.look()
        assert seen["fatal"] == [], f"{self.kind}: {seen['errors']}"
        long = [stall for stall in await self.stalls() if stall.ms > longest_stall_s * 1000]
        assert long == [], f"{self.kind}: {long}; errors {seen['errors']}; without a turn {seen['absent']}"


def _told(seen: dict[str, Any]) -> str:
    """A look in words that fit on a page."""
    errors = [f"{each['at'] / 1000:.1f} s {each['details']} {each['text'][:120]}" for each in seen.get("errors", [])]
    rest = {name: value for name, value in seen.items() if name not in {"errors", "fatal"}}
    return "\n".join([*errors[:10], *errors[-10:], str(rest)])


class Viewers:
    """A browser and the pages that tests open in it."""

    def __init__(self, browser: Browser, pages_url: str) -> None:
        self._browser = browser
        self._pages_url = pages_url

    async def hlsjs(self, url: str) -> Player:
        return await self._open("hlsjs", url)

    async def shaka(self, url: str) -> Player:
        return await self._open("shaka", url)

    async def page(self, url: str) -> Page:
        """Any page, such as our own."""
        context = await self._browser.new_context(viewport={"width": 1280, "height": 800})
        page = await context.new_page()
        await page.goto(url)
        return page

    async def _open(self, kind: str, url: str) -> Player:
        return Player(await self.page(f"{self._pages_url}/{kind}.html?{urlencode({'url': url})}"), kind)


class _Pages(SimpleHTTPRequestHandler):
    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0].lstrip("/")
        return str(SCRIPTS.get(name, PAGES / Path(name).name))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """Say nothing."""


@contextmanager
def _pages() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, directory=str(PAGES))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@asynccontextmanager
async def viewers() -> AsyncIterator[Viewers]:
    """A browser for as long as the block."""
    with _pages() as url:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), headless=True, args=ARGUMENTS)
            try:
                yield Viewers(browser, url)
            finally:
                await browser.close()
