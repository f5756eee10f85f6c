"""Protection at an origin: every alias of what is signed is refused without a token, and none is left to a cache."""

import base64
import hmac
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from headwater.internal.v1.protection_pb2 import CaptionTrack, Policy, SigningKeyRecord
from services.common import keys, subjects
from services.common.clock import SystemClock
from services.common.ids import new_id
from services.common.protection.token import sign
from tests.archiver.on_air import Broadcast, Stage
from tests.archiver.running import until
from tests.packager.origin.recorded import recorded
from tests.packager.origin.running import Site, origin
from tests.packager.program.encoder import Later, encode, messages

pytestmark = pytest.mark.connected

MEDIA = Later(lambda: messages(encode(seconds=12), connection=5, closed=False))
KEY, OTHER = (rsa.generate_private_key(65537, 2048) for _ in range(2))


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
    async with origin(here, UNKNOWN_POLICY="refuse") as site:
        yield await _protect(here, site, broadcast)


async def _protect(here: Stage, site: Site, broadcast: Broadcast, **more: Any) -> Protected:
    """Return once the origin knows that it is, and the key."""
    key_id = new_id()
    await _learn_key(here, key_id, "t", KEY)
    made = Protected(here, site, broadcast, key_id)
    await made.rule(require_signed_urls=True)
    if more:  # a media has rules of its own
        media = Policy(tenant_id="t", livestream_id=made.livestream, require_signed_urls=True, **more)
        await (await here.spine.bucket(subjects.POLICIES)).put(made.id, media.SerializeToString())
    for name in (made.livestream, made.id):
        await until(lambda name=name: _is(site, f"/{name}/index.m3u8", 401))  # type: ignore[misc]  # bound now
    await until(lambda: _is(site, f"/{made.id}/index.m3u8?token={made.token()}", 200))
    return made


async def _learn_key(here: Stage, key_id: str, tenant: str, key: rsa.RSAPrivateKey) -> None:
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    record = SigningKeyRecord(id=key_id, tenant_id=tenant, public_key=public)
    await (await here.spine.bucket(subjects.SIGNING_KEYS)).put(key_id, record.SerializeToString())


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


ALIASES = (
    *("index.m3u8", "manifest/video.m3u8", "video.m3u8", "audio.m3u8", "video.vod.m3u8", "views"),
    *("thumbnails/thumbnail.jpg", "thumbnails/thumbnail.jpg?time=1s", "captions/de.vtt", "captions/de.m3u8"),
    *("download/mp4", "download/m4a", "downloads/default.mp4", "downloads/audio.m4a"),
)
"""Of a livestream, a broadcast and a media alike; what has numbers is added to them as it is found."""


async def test_no_alias_is_open_without_a_token(protected: Protected) -> None:
    """Each URL that was just fetched with one, now without: refused, and the refusal is nobody's to keep."""
    found = await everything(protected.site, f"/{protected.livestream}/index.m3u8?token={protected.token()}")
    await _is_closed(protected, {target.partition("?")[0] for target in found})


async def test_no_alias_of_a_recording_is_open_without_a_token(here: Stage) -> None:
    """Nor is what was made of it, or set beside it: each is there for who has one, as far as it is there at all."""
    film = await recorded(here, MEDIA)
    async with origin(here, UNKNOWN_POLICY="refuse") as site:
        protected = await _protect(here, site, film, captions=[CaptionTrack(language="de", object_key="t/de")])
        await here.objects.put("t/de", b"WEBVTT\n")
        await here.objects.put(keys.download(film.record.store_prefix, "mp4"), b"file")
        token = protected.token(sub=protected.id, downloadable=True)
        found = await everything(site, f"/{protected.id}/index.m3u8?token={token}")
        there = {name for name, answer in found.items() if answer.status_code == 200}
        assert {name.partition("?")[0].rpartition("/")[2] for name in there} >= {"video.vod.m3u8", "de.m3u8", "de.vtt"}
        beside = [f"/{protected.id}/{each}?token={token}" for each in ("downloads/default.mp4", "captions/de.vtt")]
        beside += [f"/{token}/{each}" for each in ("thumbnails/thumbnail.jpg", "views", "captions/de.vtt")]
        answers = {path: await site.get(path) for path in beside}
        assert {answer.status_code for answer in answers.values()} == {200}
        assert not [path for path, answer in answers.items() if "public" in answer.headers["cache-control"]]

        await _is_closed(protected, {target.partition("?")[0] for target in found})


async def _is_closed(protected: Protected, fetched: set[str]) -> None:
    aliases = {f"/{of}/{each}" for of in (protected.livestream, protected.id) for each in ALIASES}
    dashed = {f"/{uuid.UUID(protected.id)}/index.m3u8", f"/{uuid.UUID(protected.livestream)}/manifest/video.m3u8"}
    answers = {
        path: await protected.site.get(path)
        for path in {each for each in fetched if "ey" not in each} | aliases | dashed
    }

    assert {path: each.status_code for path, each in answers.items() if each.status_code != 401} == {}
    assert {each.headers["cache-control"] for each in answers.values()} == {"private, no-store"}


async def test_bad_token_is_refused_at_every_alias(here: Stage) -> None:
    """Out of its time, for another stream, of another tenant's key or of none, unsigned, or signed with no secret."""
    theirs, broadcast = new_id(), await here.begin()
    await broadcast.send(MEDIA)
    await _learn_key(here, theirs, "another", OTHER)
    async with origin(here, UNKNOWN_POLICY="refuse") as site:
        protected = await _protect(here, site, broadcast)  # keys are heard of in their order
        bad = _bad_tokens(protected, theirs)
        good = await site.get(f"/{protected.id}/video.m3u8?token={protected.token()}")
        listed = [uri.partition("?")[0] for uri in uris(good.text)]
        segment = next(uri for uri in listed if uri.count(".") == 1 and uri.endswith(".m4s"))
        names = ("index.m3u8", "manifest/video.m3u8", "video.m3u8", segment, "thumbnails/thumbnail.jpg")
        found = {
            (why, name): (await site.get(f"/{protected.id}/{name}?token={token}")).status_code
            for why, token in bad.items()
            for name in names
        }
        assert {asked: status for asked, status in found.items() if status != 401} == {}
        in_path = {why: (await site.get(f"/{token}/index.m3u8")).status_code for why, token in bad.items()}
        assert {why: status for why, status in in_path.items() if status not in {204, 401, 404}} == {}
        assert await _is(site, f"/{protected.id}/{segment}?token={protected.token()}", 200)


def _bad_tokens(protected: Protected, theirs: str) -> dict[str, str]:
    now = int(SystemClock().now())
    claims = {"sub": protected.livestream, "exp": now + 600, "kid": protected.key_id}
    public = KEY.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return {
        "expired": protected.token(exp=now - 60),
        "early": protected.token(nbf=now + 300),
        "for too long": protected.token(exp=now + 90_000),
        "another stream": protected.token(sub="ab" * 16),
        "another tenant's key": sign(claims, OTHER, theirs),
        "unknown key": sign(claims, KEY, new_id()),
        "none": unsigned(claims),
        "HS256": forged(claims, public),
        "garbage": "a.b.c",
    }


def unsigned(claims: dict[str, Any]) -> str:
    """`alg` none, and nothing behind the last dot."""
    return f"{_parts({'alg': 'none', 'typ': 'JWT', 'kid': claims['kid']}, claims)}."


def forged(claims: dict[str, Any], secret: bytes) -> str:
    """HS256 with the public key as its secret, which libraries refuse to write."""
    signed = _parts({"alg": "HS256", "typ": "JWT", "kid": claims["kid"]}, claims)
    return f"{signed}.{_base64(hmac.new(secret, signed.encode(), 'sha256').digest())}"


def _parts(*parts: dict[str, Any]) -> str:
    return ".".join(_base64(json.dumps(each).encode()) for each in parts)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def test_viewer_whose_address_is_blocked_is_kept_out(here: Stage) -> None:
    """By the socket's address, or by what a proxy of ours says; in mid-view too, since each request is looked at."""
    broadcast = await here.begin()
    await broadcast.send(MEDIA)
    async with origin(here, UNKNOWN_POLICY="refuse", TRUSTED_PROXIES="127.0.0.1") as site:
        protected = await _protect(here, site, broadcast)
        block = [{"type": "ip.src", "action": "block", "ip": ["192.0.2.0/24"]}]
        path = f"/{protected.id}/video.m3u8?token={protected.token(accessRules=block)}"
        for forwarded, status in (("198.51.100.7", 200), ("192.0.2.9", 403), ("192.0.2.9, 198.51.100.7", 200)):
            assert await _is(site, path, status, headers={"X-Forwarded-For": forwarded})
        own = [{"type": "ip.src", "action": "block", "ip": ["127.0.0.0/8"]}]
        path = f"/{protected.id}/video.m3u8?token={protected.token(accessRules=own)}"
        assert await _is(site, path, 403)


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
