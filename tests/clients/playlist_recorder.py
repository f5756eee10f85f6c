"""A low-latency player without a screen: it blocks for every part, and keeps every version of every playlist it gets.

What it keeps is judged by tests.clients.hls_rules; it forgives what a player forgives (a connection cut, a 503) and
notes it.
"""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urljoin

import httpx

from services.common.tasks import cancel, spawn
from tests.clients.hls_rules import check_history, check_playlist, check_renditions
from tests.clients.hls_rules.reader import Playlist, read

RETRY_S = 0.2
REQUEST_S = 90.0
_MEDIA_URI = re.compile(r'URI="([^"]+\.m3u8[^"]*)"')


@dataclass
class Versions:
    """One media playlist as it was answered, in order; a version that did not change stands there once."""

    url: str
    texts: list[tuple[float, str]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    """Answers that were no playlist, and connections that broke."""

    @property
    def last(self) -> Playlist | None:
        return read(self.texts[-1][1]) if self.texts else None

    def add(self, at: float, text: str) -> None:
        if not self.texts or self.texts[-1][1] != text:
            self.texts.append((at, text))


@dataclass
class Recording:
    """All playlists of one broadcast."""

    multivariant: str = ""
    playlists: dict[str, Versions] = field(default_factory=dict)
    """By name: "video.m3u8", "audio.m3u8"."""

    def violations(self) -> list[str]:
        """Every rule of RFC 8216bis and of the house that a version, or the step between two, broke."""
        found = [str(each) for each in check_playlist(self.multivariant)]
        for name, versions in self.playlists.items():
            # Allowed, and hls.js cannot play it: docs/players.md.
            found += [f"{name}: a segment is number 0" for _, text in versions.texts if not read(text).media_sequence]
            for _, text in versions.texts:
                found += [f"{name}: {each}" for each in check_playlist(text) if each.must]
            found += [f"{name}: {each}" for each in check_history(versions.texts) if each.must]
        ended = {name: each.texts[-1][1] for name, each in self.playlists.items() if each.texts}
        if all(read(text).is_ended for text in ended.values()):
            found += [str(each) for each in check_renditions(ended) if each.must]
        return sorted(set(found))

    @property
    def has_ended(self) -> bool:
        return all(each.last is not None and each.last.is_ended for each in self.playlists.values())

    def closed_segments(self) -> int:
        """How many segments the first playlist lists whole."""
        last = next(iter(self.playlists.values())).last
        return 0 if last is None else len(last.closed)

    def statuses(self) -> list[str]:
        return [f"{name}: {trouble}" for name, each in self.playlists.items() for trouble in each.troubles]


@asynccontextmanager
async def recording(url: str) -> AsyncIterator[Recording]:
    """Follow what is on air at a multivariant URL, until each playlist has ended or the block is left."""
    limits = httpx.Limits(max_connections=20)
    async with httpx.AsyncClient(timeout=REQUEST_S, limits=limits) as client:
        kept = Recording()
        kept.multivariant = await _text(client, url)
        for uri in _media_uris(kept.multivariant):
            kept.playlists[uri.rpartition("/")[2]] = Versions(urljoin(url, uri))
        assert kept.playlists, kept.multivariant
        following = [spawn(_follow(client, each), name=f"follow {name}") for name, each in kept.playlists.items()]
        try:
            yield kept
        finally:
            for task in following:
                await cancel(task)


async def ended(kept: Recording, *, deadline_s: float) -> None:
    """Return when every playlist has its EXT-X-ENDLIST."""
    try:
        async with asyncio.timeout(deadline_s):
            while not kept.has_ended:  # noqa: ASYNC110  the tasks that follow end one by one
                await asyncio.sleep(RETRY_S)
    except TimeoutError:
        tails = {name: each.texts[-1][1][-300:] if each.texts else "" for name, each in kept.playlists.items()}
        raise AssertionError(f"no end within {deadline_s:g} s: {tails}") from None


async def _follow(client: httpx.AsyncClient, versions: Versions) -> None:
    loop = asyncio.get_running_loop()
    while versions.last is None or not versions.last.is_ended:
        try:
            answer = await client.get(versions.url, params=_next(versions.last))
        except httpx.TransportError as error:
            versions.troubles.append(repr(error))
            await asyncio.sleep(RETRY_S)
            continue
        if answer.status_code != 200:
            versions.troubles.append(f"{answer.status_code} for {answer.url}")
            await asyncio.sleep(RETRY_S)
            continue
        versions.add(loop.time(), answer.text)
        if "CAN-BLOCK-RELOAD" not in answer.text:
            await asyncio.sleep(RETRY_S)


def _next(playlist: Playlist | None) -> dict[str, int]:
    """What a player asks for next: the part after the last one it knows (RFC 8216bis 6.2.5.2)."""
    if playlist is None:
        return {}
    if playlist.open is not None:
        return {"_HLS_msn": playlist.open.msn, "_HLS_part": len(playlist.open.parts)}
    return {"_HLS_msn": playlist.items[-1].msn + 1 if playlist.items else playlist.media_sequence, "_HLS_part": 0}


async def _text(client: httpx.AsyncClient, url: str) -> str:
    answer = await client.get(url)
    answer.raise_for_status()
    return answer.text


def _media_uris(text: str) -> list[str]:
    plain = [line for line in text.splitlines() if line and not line.startswith("#")]
    return list(dict.fromkeys(plain + _MEDIA_URI.findall(text)))
