"""Livestreams over REST and gRPC, on a real api and a real NATS."""

import grpc
import pytest

from headwater.internal.v1.onair_pb2 import OnAir, StreamKey
from headwater.v1.livestreams_pb2 import GetLivestreamRequest
from headwater.v1.livestreams_pb2_grpc import LivestreamServiceStub
from services.common.ids import digest, new_id
from tests.api.running import ApiServer, Others, Rest, served, until

pytestmark = pytest.mark.connected


def test_created_livestream_has_what_an_encoder_and_a_viewer_need(rest: Rest) -> None:
    """Two inputs with keys of their own, a playback URL, and the defaults."""
    made = rest.call("POST", "/v1/livestreams", {"name": "one", "metadata": {"a": ""}})

    primary, secondary = served(made["inputs"])
    assert (primary["instance"], secondary["instance"]) == ("primary", "secondary")
    assert primary["url"] == "rtmp://live.example:1935/live"
    assert len({primary["streamKey"], secondary["streamKey"]}) == 2
    assert served(made["playouts"]) == [{"protocol": "hls", "url": f"http://live.example:8088/{made['id']}/index.m3u8"}]
    assert (made["state"], made["reconnectWindow"], made["record"], made["failBack"]) == ("IDLE", "120s", True, False)
    assert made["metadata"] == {"a": ""}
    assert rest.call("GET", f"/v1/livestreams/{made['id']}") == made


def test_keys_are_in_the_bucket_before_the_livestream_is_answered(rest: Rest, others: Others) -> None:
    """An encoder that pushes at once is admitted, under the livestream's rules."""
    made = rest.call("POST", "/v1/livestreams", {"reconnectWindow": "30s", "failBack": True, "record": False})

    for each in served(made["inputs"]):
        key = StreamKey.FromString(others.get("keys", digest(each["streamKey"])) or b"")
        assert (key.livestream_id, key.instance, key.is_enabled) == (made["id"], each["instance"], True)
        assert (key.rules.reconnect_window_ms, key.rules.fail_back, key.rules.record) == (30_000, True, False)


def test_stream_key_is_nowhere_in_clear(rest: Rest, others: Others) -> None:
    """The record has it sealed, the bucket of keys its hash."""
    made = rest.call("POST", "/v1/livestreams", {})
    kept = others.get("livestreams", made["id"]) or b""

    assert kept
    assert made["inputs"][0]["streamKey"].encode() not in kept
    assert made["inputs"][0]["streamKey"] not in " ".join(others.keys("keys"))


def test_update_changes_the_fields_present_and_no_other(rest: Rest, others: Others) -> None:
    """Rules reach the keys that ingest watches."""
    made = rest.call("POST", "/v1/livestreams", {"name": "before", "metadata": {"k": "v"}})

    changed = rest.call("PATCH", f"/v1/livestreams/{made['id']}", {"reconnectWindow": "7s"})

    assert (changed["name"], changed["metadata"], changed["reconnectWindow"]) == ("before", {"k": "v"}, "7s")
    assert changed["etag"] != made["etag"]
    assert changed["inputs"] == made["inputs"]
    key = StreamKey.FromString(others.get("keys", digest(made["inputs"][0]["streamKey"])) or b"")
    assert key.rules.reconnect_window_ms == 7_000


def test_update_mask_resets_what_the_body_lacks(rest: Rest) -> None:
    """A field that is named and not given goes back to its default."""
    made = rest.call("POST", "/v1/livestreams", {"name": "x", "reconnectWindow": "5s"})

    path = f"/v1/livestreams/{made['id']}?updateMask=name,reconnectWindow"
    changed = rest.call("PATCH", path, {"name": "y"})

    assert (changed["name"], changed["reconnectWindow"]) == ("y", "120s")


def test_update_without_a_mask_empties_what_its_body_has_empty(rest: Rest) -> None:
    """What is left out stays; sent back as it was read nothing changes."""
    kept = {"name": "x", "creator": "ann", "metadata": {"k": "v"}, "singleUse": True, "publishGate": True}
    made = rest.call("POST", "/v1/livestreams", {**kept, "recording": {"allowedOrigins": ["example.com"]}})
    path = f"/v1/livestreams/{made['id']}"

    same = rest.call("PATCH", path, made)
    empty = {"name": "", "metadata": {}, "singleUse": False, "recording": {"allowedOrigins": []}}
    changed = rest.call("PATCH", path, empty)

    assert ({name: same[name] for name in kept}, same["recording"]) == (kept, made["recording"])
    assert (changed["name"], changed["metadata"], changed["singleUse"]) == ("", {}, False)
    assert (changed["creator"], changed["publishGate"]) == ("ann", True)
    assert changed["recording"]["allowedOrigins"] == []


def test_rules_of_an_update_reach_the_broadcast_on_air(rest: Rest, others: Others) -> None:
    """The packager that reads `onair` goes by the new window; what is being recorded stays as it began."""
    made = rest.call("POST", "/v1/livestreams", {})
    on_air = OnAir(broadcast_id=new_id(), start_time_us=1)
    on_air.rules.record = True
    others.put("onair", made["id"], on_air)
    until(lambda: rest.call("GET", f"/v1/livestreams/{made['id']}"), lambda one: one["state"] == "LIVE")

    rest.call("PATCH", f"/v1/livestreams/{made['id']}", {"reconnectWindow": "7s", "record": False})

    rules = OnAir.FromString(others.get("onair", made["id"]) or b"").rules
    assert (rules.reconnect_window_ms, rules.record) == (7_000, True)


def test_list_is_paged_newest_first_and_filtered(rest: Rest) -> None:
    """Each livestream once, in order, whatever the size of the pages."""
    made = [rest.call("POST", "/v1/livestreams", {"name": f"Paging {number}"})["id"] for number in range(5)]

    seen, token = [], ""
    while True:
        page = rest.call("GET", f"/v1/livestreams?name=pAGING&pageSize=2&pageToken={token}")
        seen += [one["id"] for one in page["livestreams"]]
        assert page["totalCount"] == 5
        if not (token := page["nextPageToken"]):
            break

    assert seen == made[::-1]
    assert rest.call("GET", "/v1/livestreams?name=paging&state=LIVE")["livestreams"] == []
    assert len(rest.call("GET", "/v1/livestreams?name=paging&state=IDLE")["livestreams"]) == 5


def test_deleted_livestream_is_gone_with_its_keys(rest: Rest, others: Others) -> None:
    """Its encoders are refused from then on."""
    made = rest.call("POST", "/v1/livestreams", {})

    rest.call("DELETE", f"/v1/livestreams/{made['id']}")

    assert rest.get(f"/v1/livestreams/{made['id']}").status_code == 404
    assert others.get("keys", digest(made["inputs"][0]["streamKey"])) is None
    assert others.get("livestreams", made["id"]) is None


def test_activated_livestream_waits_for_media_and_can_be_disarmed(rest: Rest) -> None:
    """ACTIVE until the window is over or an order says otherwise."""
    path = f"/v1/livestreams/{rest.call('POST', '/v1/livestreams', {})['id']}"

    assert rest.call("POST", f"{path}:activate", {})["state"] == "ACTIVE"
    assert rest.call("POST", f"{path}:idle", {})["state"] == "IDLE"


def test_same_livestream_is_there_over_grpc(rest: Rest, api: ApiServer) -> None:
    """One contract, two edges; both want a token."""
    made = rest.call("POST", "/v1/livestreams", {"name": "both"})
    with grpc.insecure_channel(f"127.0.0.1:{api.grpc_port}") as channel:
        stub = LivestreamServiceStub(channel)
        found = stub.GetLivestream(
            GetLivestreamRequest(id=made["id"]), metadata=(("authorization", f"Bearer {api.token}"),), timeout=10
        )
        with pytest.raises(grpc.RpcError) as caught:
            stub.GetLivestream(GetLivestreamRequest(id=made["id"]), timeout=10)

    assert (found.name, found.inputs[0].stream_key) == ("both", made["inputs"][0]["streamKey"])
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
