"""Protection at an origin: every alias of what is signed is refused without a token, and none is left to a cache."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from headwater.internal.v1.protection_pb2 import Policy, SigningKeyRecord
from services.common import subjects
from services.common.clock import SystemClock
from services.common.ids import new_id
from services.common.protection.token import sign
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.running import until
from tests.packager.origin.running import Site, origin
from tests.packager.program.encoder import encode, messages

pytestmark = pytest.mark.connected

MEDIA = messages(encode(seconds=12), connection=5, closed=False)
KEY = rsa.generate_private_key(65537, 2048)


@dataclass
class Protected:
    """A live broadcast of a livestream that needs tokens, and an origin that knows it."""

    stage: Stage
    site: Site
    broadcast: Broadcast
    key_id: str

    @property
    def livestream(self) -> str:
        return self.broadcast.record.livestream_id

    @property
    def id(self) -> str:
        return self.broadcast.record.broadcast_id

    def token(self, **claims: Any) -> str:
        expires = int(SystemClock().now()) + 600
        return sign({"sub": self.livestream, "exp": expires} | claims, KEY, self.key_id)

    async def rule(self, **rules: Any) -> None:
        """What api would write."""
        policy = Policy(tenant_id="t", livestream_id=self.livestream, **rules)
        bucket = await self.stage.spine.bucket(subjects.POLICIES)
        await bucket.put(self.livestream, policy.SerializeToString())


@pytest.fixture
async def protected(here: Stage) -> AsyncIterator[Protected]:
    broadcast = await here.begin()
    await broadcast.send(MEDIA)
    key_id = new_id()
    public = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = SigningKeyRecord(id=key_id, tenant_id="t", public_key=public)
    await (await here.spine.bucket(subjects.SIGNING_KEYS)).put(key_id, record.SerializeToString())
    async with origin(here, UNKNOWN_POLICY="refuse") as site:
        made = Protected(here, site, broadcast, key_id)
        await made.rule(require_signed_urls=True)
        await until(lambda: _is(site, f"/{made.livestream}/index.m3u8", 401))
        yield made


async def _is(site: Site, path: str, status: int, **options: Any) -> bool:
    return (await site.get(path, **options)).status_code == status


def uris(playlist: str) -> list[str]:
    """Those of what is there: a hinted part would be waited for."""
    lines = [line for line in playlist.splitlines() if line and "PRELOAD-HINT" not in line]
    quoted = [line.partition('URI="')[2].partition('"')[0] for line in lines if 'URI="' in line]
    return [*quoted, *(line for line in lines if not line.startswith("#"))]


async def everything(site: Site, path: str) -> dict[str, httpx.Response]:
    """All that a player fetches, beginning with this playlist, by URL."""
    found: dict[str, httpx.Response] = {}
    wanted = [httpx.URL(f"http://o{path}")]
    while wanted:
        url = wanted.pop()
        target = url.raw_path.decode()
        if target in found or len(found) > 60:
            continue
        found[target] = answer = await site.get(target)
        if url.path.endswith(".m3u8") and answer.status_code == 200:
            wanted += [url.join(uri) for uri in uris(answer.text)]
    return found


@pytest.mark.parametrize("where", ["query", "path", "manifest"])
async def test_player_with_a_token_gets_everything_for_itself_alone(protected: Protected, where: str) -> None:
    """In the query, in the place of the id, and by the vendor's path: playlists, init, parts and segments."""
    token, livestream = protected.token(), protected.livestream
    path = {
        "query": f"/{livestream}/index.m3u8?token={token}",
        "path": f"/{token}/index.m3u8",
        "manifest": f"/{token}/manifest/video.m3u8",
    }[where]
    found = await everything(protected.site, path)

    assert {name.partition("?")[0].rpartition(".")[2] for name in found} == {"m3u8", "mp4", "m4s"}
    assert {answer.status_code for answer in found.values()} <= {200, 404}
    good = [answer for answer in found.values() if answer.status_code == 200]
    assert len(good) > 5
    assert all("public" not in answer.headers["cache-control"] for answer in good)


async def test_no_alias_is_open_without_a_token(protected: Protected) -> None:
    """Each URL that was just fetched with one, now without: refused, and the refusal is nobody's to keep."""
    found = await everything(protected.site, f"/{protected.livestream}/index.m3u8?token={protected.token()}")
    bare = {target.partition("?")[0] for target in found} | {
        f"/{protected.id}/index.m3u8",
        f"/{protected.id}/manifest/video.m3u8",
        f"/{protected.livestream}/manifest/video.m3u8",
        f"/{protected.id}/download/mp4",
    }
    answers = {path: await protected.site.get(path) for path in bare}

    assert {answer.status_code for answer in answers.values()} == {401}
    assert {answer.headers["cache-control"] for answer in answers.values()} == {"private, no-store"}


@pytest.mark.parametrize(
    "claims", [{"exp": 1_000_000_000}, {"nbf": 4_000_000_000, "exp": 4_000_000_100}, {"sub": "ab" * 16}]
)
async def test_bad_token_is_refused(protected: Protected, claims: dict[str, Any]) -> None:
    """Expired, early, or for another stream."""
    path = f"/{protected.livestream}/index.m3u8?token={protected.token(**claims)}"
    assert (await protected.site.get(path)).status_code == 401


async def test_revoked_key_and_changed_rules_bite_in_mid_view(protected: Protected) -> None:
    """What is watched goes on until then, and not after; and what is opened is open to all."""
    path = f"/{protected.id}/video.m3u8?token={protected.token()}"
    assert (await protected.site.get(path)).status_code == 200
    await (await protected.stage.spine.bucket(subjects.SIGNING_KEYS)).delete(protected.key_id)
    await until(lambda: _is(protected.site, path, 401))
    await protected.rule()
    await until(lambda: _is(protected.site, f"/{protected.id}/video.m3u8", 200))
    open_answer = await protected.site.get(f"/{protected.id}/video.m3u8")
    assert "public" in open_answer.headers["cache-control"]
    await protected.rule(is_deleted=True)
    await until(lambda: _is(protected.site, f"/{protected.id}/video.m3u8", 404))


async def test_other_sites_may_not_show_it(protected: Protected) -> None:
    """Origin or Referer must match; neither is refused."""
    await protected.rule(allowed_origins=["example.com"])
    path = f"/{protected.livestream}/index.m3u8"
    shown = {"headers": {"Origin": "https://example.com"}}
    await until(lambda: _is(protected.site, path, 200, **shown))
    assert (await protected.site.get(path)).status_code == 403
    assert (await protected.site.get(path, headers={"Referer": "https://evil.org/"})).status_code == 403


async def test_what_no_rule_was_ever_told_of_is_refused(here: Stage) -> None:
    """Closed by default."""
    broadcast = await here.begin()
    await broadcast.send(MEDIA)
    async with origin(here, UNKNOWN_POLICY="refuse") as site:
        for name in (broadcast.record.livestream_id, broadcast.record.broadcast_id):
            assert (await site.get(f"/{name}/index.m3u8")).status_code == 404
