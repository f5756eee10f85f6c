"""Two api processes over one NATS, and many who change the same things at once: nothing that was accepted is lost."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import Media
from services.common.ids import digest, new_id
from tests.api.running import ApiServer, Others, Rest, served, until

pytestmark = pytest.mark.connected

CLIENTS = 6
EACH = 25
LOST = {409, 412}


@pytest.fixture(scope="module")
def second(api: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder, settings = tmp_path_factory.mktemp("second"), {"replica": "api-2", "stats_address": api.stats.address}
    with ApiServer(folder, api.nats_url, home=api.home, **settings) as server:
        yield server


@dataclass
class Scene:
    """One of each, and what was accepted of what was asked."""

    paths: dict[str, str]
    accepted: list[tuple[str, Any]] = field(default_factory=list)
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)

    def of(self, order: str) -> list[Any]:
        return [what for kind, what in self.accepted if kind == order]

    def note(self, order: str, status: int, what: Any, losers: set[int]) -> None:
        """Whoever is not accepted is told so in the right words."""
        self.statuses[order, status] += 1
        assert status in {200, *losers}, (order, status)
        if status == 200:
            self.accepted.append((order, what))


@pytest.fixture
def scene(rest: Rest, others: Others) -> Scene:
    media = new_id()
    record = MediaRecord(id=media, livestream_id=new_id(), state=Media.READY, name="0", create_time_us=1)
    others.put("media", media, record)
    until(lambda: rest.get(f"/v1/media/{media}").status_code, lambda status: status == 200)
    webhook = {"name": "0", "url": "https://8.8.8.8/x"}
    return Scene(
        {
            "livestream": f"/v1/livestreams/{rest.call('POST', '/v1/livestreams', {'name': '0'})['id']}",
            "media": f"/v1/media/{media}",
            "webhook": f"/v1/webhooks/{rest.call('POST', '/v1/webhooks', webhook)['id']}",
            "tenant": f"/v1/tenants/{rest.call('POST', '/v1/tenants', {'id': f't{new_id()[:8]}', 'name': '0'})['id']}",
        }
    )


@dataclass(frozen=True)
class Worker:
    """One of the many; what it asks for bears its name."""

    client: Rest
    scene: Scene
    name: str
    dice: random.Random

    def count_up(self, kind: str, *, by_header: bool = True) -> None:
        """Read a number, write the next one over just that version: 412 for the loser, 409 if it stood in the body."""
        path, scene = self.scene.paths[kind], self.scene
        read = self.client.get(path)
        body = {"name": str(int(read.json()["name"]) + 1)}
        headers = {"If-Match": read.headers["etag"]} if by_header else {}
        asked = body if by_header else body | {"etag": read.json()["etag"]}
        answer = self.client.patch(path, json=asked, headers=headers)
        scene.note(f"count {kind}", answer.status_code, body["name"], {412} if by_header else {409})
        if answer.status_code == 200:
            # One's own write is read at once where it was made.
            assert int(self.client.get(path).json()["etag"]) >= int(answer.json()["etag"])

    def order(self, kind: str, path: str, body: Any, what: Any = None, *, verb: str = "POST") -> None:
        """Without naming a version nobody comes too late; 409 where it is not possible now."""
        refused = {409} if kind == "activate" else set()
        self.scene.note(kind, self.client.request(verb, path, json=body).status_code, what, refused)

    def choose(self) -> Callable[[], None]:
        """Any of what can be asked."""
        path, mark = self.scene.paths["livestream"], f"{self.name}-{self.dice.randrange(10**9)}"
        media, url, named = self.scene.paths["media"], f"rtmp://8.8.8.8/{mark}", {"creator": mark}
        possible: list[Callable[[], None]] = [partial(self.count_up, kind) for kind in self.scene.paths]
        possible.append(partial(self.count_up, "livestream", by_header=False))
        possible.append(partial(self.order, "creator", path, named, mark, verb="PATCH"))
        possible.append(partial(self.order, "media creator", media, named, mark, verb="PATCH"))
        possible.append(partial(self.order, "output", f"{path}/outputs", {"type": "SIMULCAST", "url": url}, url))
        verbs = ("rotateKeys", "disable", "enable", "activate")
        possible += [partial(self.order, verb, f"{path}:{verb}", {}) for verb in verbs]
        return self.dice.choice(possible)


def work(server: ApiServer, scene: Scene, name: str) -> None:
    with server.client() as client:
        worker = Worker(client, scene, name, random.Random(name))
        for _ in range(EACH):
            worker.choose()()


def alike(one: Rest, other: Rest, path: str) -> dict[str, Any]:
    """What both answer, as soon as it is the same."""
    found: dict[str, Any] = until(lambda: one.call("GET", path), lambda shown: shown == other.call("GET", path))
    return found


def test_no_accepted_change_is_lost(
    api: ApiServer, second: ApiServer, rest: Rest, scene: Scene, others: Others
) -> None:
    """Each is found at the end, at both replicas alike, and their lists agree."""
    with ThreadPoolExecutor(CLIENTS) as pool:
        servers = [(api, second)[number % 2] for number in range(CLIENTS)]
        working = [pool.submit(work, server, scene, f"client-{place}") for place, server in enumerate(servers)]
        for each in working:
            each.result()

    with second.client() as other:
        for kind, path in scene.paths.items():
            shown = alike(rest, other, path)
            # Each accepted number was written over the one before it, so that none is missing and none was given twice.
            assert sorted(map(int, scene.of(f"count {kind}"))) == list(range(1, int(shown["name"]) + 1)), kind
        livestream, media = (alike(rest, other, scene.paths[kind]) for kind in ("livestream", "media"))
        for plural in ("livestreams", "media", "webhooks", "tenants"):
            alike(rest, other, f"/v1/{plural}")

    assert livestream["creator"] in scene.of("creator")
    assert {each["url"] for each in livestream["outputs"][2:]} == set(scene.of("output"))
    assert media["creator"] in scene.of("media creator")
    history = rest.call("GET", f"{scene.paths['livestream']}/history?pageSize=1000")["entries"]
    noted = Counter(each["reason"] for each in history)
    assert noted["keys-rotated"] == len(scene.of("rotateKeys"))
    configured = len(scene.of("creator")) + len(scene.of("count livestream")) + len(scene.of("output"))
    assert noted["configured"] + noted["output-created"] == configured
    assert {digest(each["streamKey"]) for each in served(livestream["inputs"])} <= set(others.keys("keys"))
    assert LOST & {status for _, status in scene.statuses}


def test_version_read_at_one_replica_is_written_over_at_the_other(rest: Rest, second: ApiServer, scene: Scene) -> None:
    """At once, though the other one may not have heard of it: as long as nobody came between, nobody is a loser."""
    with second.client() as other:
        for kind, path in scene.paths.items():
            for number in range(1, 9):
                one, next_one = (rest, other) if number % 2 else (other, rest)
                written = one.patch(path, json={"name": f"{kind} {number}"})
                headers = {"If-Match": written.headers["etag"]}
                assert next_one.patch(path, json={"name": "again"}, headers=headers).status_code == 200, kind


def test_tokens_and_signing_keys_hold_at_both(rest: Rest, second: ApiServer) -> None:
    """Made at one and revoked at the other, by many at once; what is left opens both, and nothing else does."""
    with second.client() as other, ThreadPoolExecutor(CLIENTS) as pool:
        clients = (rest, other)
        made = list(
            pool.map(lambda n: clients[n % 2].call("POST", "/v1/tokens", {"name": str(n), "scope": "READ"}), range(12))
        )
        keys = list(pool.map(lambda n: clients[n % 2].call("POST", "/v1/signingKeys", {}), range(6)))
        gone, kept = made[::2], made[1::2]
        # Twice each, at both: one of the two finds nothing any more.
        twice = [(client, each["id"]) for each in gone for client in clients]
        answers = list(pool.map(lambda asked: asked[0].delete(f"/v1/tokens/{asked[1]}").status_code, twice))
        rest.call("DELETE", f"/v1/signingKeys/{keys[0]['id']}")

        assert set(answers) <= {200, 404, 409}
        assert answers.count(200) >= len(gone)
        wanted = {"tokens": {each["id"] for each in kept}, "signingKeys": {each["id"] for each in keys[1:]}}
        revoked = {each["id"] for each in gone} | {keys[0]["id"]}
        for plural, names in wanted.items():
            shown = {each["id"] for each in entries_of(alike(rest, other, f"/v1/{plural}?pageSize=1000"))}
            assert names <= shown
            assert not revoked & shown


def entries_of(page: dict[str, Any]) -> list[dict[str, Any]]:
    (entries,) = (value for value in page.values() if isinstance(value, list))
    return entries
