"""What a crash leaves is put right: half writes, replicas, NATS away."""

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from headwater.internal.v1.onair_pb2 import StreamKey
from headwater.internal.v1.records_pb2 import LivestreamRecord
from services.common.ids import digest
from tests.api.running import ApiServer, Others, Rest, served, until
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


@pytest.fixture(scope="module")
def second(nats: NatsServer, api: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    folder, settings = tmp_path_factory.mktemp("second"), {"replica": "api-2", "stats_address": api.stats.address}
    with ApiServer(folder, nats.url, home=api.home, **settings) as server:
        yield server


def are_whole(livestreams: list[dict[str, Any]], others: Others) -> bool:
    keys = set(others.keys("keys"))
    wanted = {digest(each["streamKey"]) for one in livestreams for each in served(one["inputs"])}
    return wanted <= keys


def test_killed_at_any_moment_leaves_no_half_livestream(api: ApiServer, rest: Rest, others: Others) -> None:
    """Whoever is in the list has both keys, also right after the restart; keys of nobody are all that may be left."""
    chance = random.Random(7)
    for _ in range(3):
        with ThreadPoolExecutor(1) as pool:
            creating = pool.submit(create_until_refused, api)
            until(lambda: len(others.keys("livestreams")))
            time.sleep(chance.uniform(0, 0.05))
            api.kill()
            made = creating.result()
        api.start()
        listed = {one["id"]: one for one in rest.call("GET", "/v1/livestreams?pageSize=1000")["livestreams"]}

        assert set(made) <= set(listed)  # what was answered is there
        assert are_whole(list(listed.values()), others)


def create_until_refused(api: ApiServer) -> list[str]:
    made = []
    with api.client() as rest:
        try:
            while True:
                made.append(rest.call("POST", "/v1/livestreams", {})["id"])
        except httpx.HTTPError:
            return made


def test_missing_key_is_published_again_at_the_start(api: ApiServer, rest: Rest, others: Others) -> None:
    """A livestream without its key records would refuse its encoders."""
    made = rest.call("POST", "/v1/livestreams", {"reconnectWindow": "9s"})
    key = digest(made["inputs"][1]["streamKey"])
    api.kill()
    others.remove("keys", key)
    stale = StreamKey(livestream_id=made["id"], instance="primary", is_enabled=True)
    others.put("keys", digest(made["inputs"][0]["streamKey"]), stale)

    api.start()

    until(lambda: others.get("keys", key))
    primary = digest(made["inputs"][0]["streamKey"])
    until(lambda: StreamKey.FromString(others.get("keys", primary) or b"").rules.reconnect_window_ms == 9_000)


def test_deletion_that_a_crash_interrupted_is_finished_at_the_start(api: ApiServer, rest: Rest, others: Others) -> None:
    """The mark in the record says what is left to do; nobody sees such a livestream."""
    made = rest.call("POST", "/v1/livestreams", {})
    api.kill()
    record = LivestreamRecord.FromString(others.get("livestreams", made["id"]) or b"")
    record.delete_time_us = 1
    others.put("livestreams", made["id"], record)

    api.start()

    assert rest.get(f"/v1/livestreams/{made['id']}").status_code == 404
    until(lambda: others.get("livestreams", made["id"]) is None)
    assert others.get("keys", digest(made["inputs"][0]["streamKey"])) is None


def test_livestreams_samples_go_with_it_however_long_stats_is_away(api: ApiServer, rest: Rest, others: Others) -> None:
    """Nobody sees the livestream any more; what is left of it is there until the samples have gone, too."""
    made = rest.call("POST", "/v1/livestreams", {})
    api.stats.is_away = True
    rest.call("DELETE", f"/v1/livestreams/{made['id']}")
    is_seen, is_kept = rest.get(f"/v1/livestreams/{made['id']}").status_code, others.get("livestreams", made["id"])
    api.stats.is_away = False
    api.restart(by_force=True)
    until(lambda: others.get("livestreams", made["id"]) is None)

    assert (is_seen, is_kept is not None) == (404, True)
    assert made["id"] in api.stats.deleted


def test_what_one_replica_writes_the_other_answers(rest: Rest, second: ApiServer) -> None:
    """At once, and under the same tokens."""
    with second.client() as other:
        made = rest.call("POST", "/v1/livestreams", {"name": "x"})
        assert other.call("GET", f"/v1/livestreams/{made['id']}") == made

        other.call("DELETE", f"/v1/livestreams/{made['id']}")
        until(lambda: rest.get(f"/v1/livestreams/{made['id']}").status_code, lambda status: status == 404)


def test_of_two_replicas_one_writes_over_a_version(rest: Rest, second: ApiServer) -> None:
    """Twenty races for one version each: one wins, the other is told."""
    path = f"/v1/livestreams/{rest.call('POST', '/v1/livestreams', {})['id']}"

    def rename(client: Rest, name: str, etag: str) -> int:
        return client.patch(path, json={"name": name}, headers={"If-Match": etag}).status_code

    with second.client() as other, ThreadPoolExecutor(2) as pool:
        for _ in range(20):
            etag = rest.get(path).headers["etag"]
            racing = [pool.submit(rename, client, name, etag) for client, name in ((rest, "a"), (other, "b"))]
            assert sorted(each.result() for each in racing) == [200, 412]
            until(lambda: rest.get(path).headers["etag"] == other.get(path).headers["etag"])


def test_without_nats_it_goes_on_reading_and_refuses_writes(tmp_path: Path) -> None:
    """503 with when to come back; afterwards everything works again, without a restart."""
    with NatsServer(tmp_path / "nats") as nats, ApiServer(tmp_path / "api", nats.url) as api, api.client() as rest:
        made = rest.call("POST", "/v1/livestreams", {"name": "x"})
        nats.kill()
        until(lambda: rest.post("/v1/livestreams", json={}).status_code, lambda status: status == 503)

        assert rest.call("GET", f"/v1/livestreams/{made['id']}") == made
        assert rest.call("GET", "/v1/livestreams")["totalCount"] == 1
        assert int(rest.post("/v1/livestreams", json={}).headers["retry-after"]) >= 1
        until(lambda: "nats" in rest.get("/readyz").json()["failing"])

        nats.start()
        until(lambda: rest.post("/v1/livestreams", json={}).status_code, lambda status: status == 200)
        assert api.is_running


def test_orders_to_two_replicas_at_once_are_all_carried_out(rest: Rest, second: ApiServer) -> None:
    """Renaming, an output, new keys, disabling: none is lost; who came too late was told and tries again."""
    path = f"/v1/livestreams/{rest.call('POST', '/v1/livestreams', {})['id']}"

    def insist(client: Rest, method: str, where: str, body: Any) -> None:
        def answer() -> int:
            return client.request(method, path + where, json=body).status_code

        assert until(answer, lambda status: status not in {409, 412}) == 200

    targets = [{"type": "SIMULCAST", "url": f"rtmp://8.8.8.{number}/live"} for number in range(6)]
    orders: list[tuple[str, str, Any]] = [("POST", "/outputs", target) for target in targets]
    orders += [("PATCH", "", {"name": "new"}), ("POST", ":rotateKeys", {}), ("POST", ":disable", {})]
    with second.client() as other, ThreadPoolExecutor(len(orders)) as pool:
        clients = [(rest, other)[place % 2] for place in range(len(orders))]
        for each in [pool.submit(insist, client, *order) for client, order in zip(clients, orders, strict=True)]:
            each.result()
        shown = until(lambda: rest.call("GET", path), lambda one: one["etag"] == other.call("GET", path)["etag"])

    assert (shown["name"], shown["enabled"], "keysRotateTime" in shown) == ("new", False, True)
    assert {each["url"] for each in shown["outputs"][2:]} == {each["url"] for each in targets}
    assert len(rest.call("GET", f"{path}/history")["entries"]) == len(orders) + 1
