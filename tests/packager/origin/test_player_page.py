"""The player page in a browser: what its address asks for is what one gets."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Page

from headwater.internal.v1.protection_pb2 import CaptionTrack
from tests.archiver.on_air import Stage
from tests.archiver.running import until
from tests.clients.browser import Viewers, chromium, viewers
from tests.packager.origin.recorded import recorded, rule
from tests.packager.origin.running import Site, origin
from tests.packager.program.encoder import Later, encode, messages

pytestmark = [
    pytest.mark.connected,
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="there is no browser"),
]

MEDIA = Later(lambda: messages(encode(seconds=12), connection=5, closed=False))
SEEN = """() => {
  const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
  return {
    time: video.currentTime, paused: video.paused, muted: video.muted, loop: video.loop, controls: video.controls,
    poster: video.poster, accent: style("--accent"), around: getComputedStyle(stage).backgroundColor,
    invited: !big.hidden, said: notice.textContent, asked: performance.getEntries().map((each) => each.name),
  };
}"""


@dataclass
class Stand:
    """A recording, an origin that shows it, and a browser."""

    here: Stage
    site: Site
    audience: Viewers
    id: str

    async def open(self, path: str, wanted: str) -> Page:
        """The page, once this holds in it."""
        page = await self.audience.page(f"http://127.0.0.1:{self.site.port}/{path}")
        await until(lambda: _is(page, wanted))
        return page


@pytest.fixture
async def stand(here: Stage) -> AsyncIterator[Stand]:
    film = await recorded(here, MEDIA)
    async with origin(here) as site, viewers() as audience:
        yield Stand(here, site, audience, film.record.broadcast_id)


async def _is(page: Page, wanted: str) -> bool:
    return bool(await page.evaluate(wanted))


async def seen(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = await page.evaluate(SEEN)
    return found


async def test_page_does_what_its_address_asks_for(stand: Stand) -> None:
    """In a frame it waits for a click and begins where and in the colours it was told; /watch begins at once."""
    query = "primaryColor=ff6600&letterboxColor=navy&startTime=3s&loop=true&poster=https%3A%2F%2Fx.invalid%2Fa.jpg"
    page = await stand.open(f"{stand.id}/iframe?{query}&preload=none", "!big.hidden")
    found = await seen(page)
    assert (found["paused"], found["muted"], found["loop"]) == (True, False, True)
    assert (found["accent"], found["around"]) == ("#ff6600", "rgb(0, 0, 128)")
    assert found["poster"] == "https://x.invalid/a.jpg"
    assert not [name for name in found["asked"] if ".m4s" in name]
    await page.click("#big")
    await until(lambda: _is(page, "video.currentTime > 3.2 && big.hidden"))
    assert not [name for name in (await seen(page))["asked"] if "primaryColor=" in name and "iframe" not in name]

    page = await stand.open(f"{stand.id}/watch?controls=0&primaryColor=url(http://x)", "video.currentTime > 0.3")
    found = await seen(page)
    assert (found["muted"], found["controls"], found["loop"]) == (True, False, False)
    assert "url" not in found["accent"]


async def test_player_shows_captions_when_they_are_to_be_heard(stand: Stand) -> None:
    """The track is offered, and its times are those of the picture, whose own begin anywhere."""
    german = CaptionTrack(language="de", label="Deutsch", object_key="t/de")
    await stand.here.objects.put("t/de", b"WEBVTT\n\n00:02.000 --> 00:04.000\nhallo\n")
    await rule(stand.here, stand.id, captions=[german])
    await until(lambda: _has(stand, f"/{stand.id}/captions/de.vtt"))
    page = await stand.open(f"{stand.id}/watch?defaultTextTrack=de", "video.currentTime > 0.3")
    await until(lambda: _is(page, "!!video.textTracks[0]?.cues?.length"))

    told = await page.evaluate("(({label, cues: [cue]}) => [label, cue.text, cue.startTime])(video.textTracks[0])")
    assert told == ["Deutsch", "hallo", pytest.approx(2 + await page.evaluate("video.buffered.start(0)"), abs=0.15)]
    await until(lambda: _is(page, "video.textTracks[0].activeCues?.length == 1"))
    assert 1.9 < await page.evaluate("video.currentTime") < 4.5


async def _has(stand: Stand, path: str) -> bool:
    return (await stand.site.get(path)).status_code == 200


async def test_page_says_why_nothing_is_to_be_seen(stand: Stand) -> None:
    """What needs a token is told from what is not on air."""
    await rule(stand.here, stand.id, require_signed_urls=True)
    await until(lambda: _is_refused(stand))
    await stand.open(f"{stand.id}/watch", "notice.textContent.includes('protected')")
    await stand.open(f"{'0' * 32}/watch", "notice.textContent.includes('Nothing is on air')")


async def _is_refused(stand: Stand) -> bool:
    return (await stand.site.get(f"/{stand.id}/index.m3u8")).status_code == 401
