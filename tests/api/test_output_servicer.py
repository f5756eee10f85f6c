"""Outputs of a livestream over REST, on a real api."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from headwater.internal.v1.onair_pb2 import StreamKey
from headwater.v1.outputs_pb2 import Output
from services.api.caller import calling
from services.api.livestream_fields import fresh
from services.api.records import open_records
from services.common.bus.connection import connect
from services.common.clock import ManualClock
from services.common.errors import AppError
from services.common.ids import digest, new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from services.common.targets import Targets
from tests.api.in_process import WRITER, domain_of
from tests.api.running import ApiServer, Others, Rest
from tests.api.test_access import new_token
from tests.api.test_chronicle import on_air
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

KEY = "their-key"
"""No part of an id, which is made of hexadecimal digits."""

TARGET = {"type": "SIMULCAST", "url": "rtmp://a.rtmp.example/live2", "streamKey": KEY, "vendor": "youtube"}


def outputs_path(rest: Rest, **fields: object) -> str:
    return f"/v1/livestreams/{rest.call('POST', '/v1/livestreams', fields)['id']}/outputs"


def types_of(rest: Rest, path: str) -> list[str]:
    return [each["type"] for each in rest.call("GET", path)["outputs"]]


def test_livestream_begins_with_playback_and_a_recording(rest: Rest) -> None:
    """By their default names; the livestream shows the same."""
    path = outputs_path(rest)

    hls, archive = rest.call("GET", path)["outputs"]

    livestream = path.split("/")[3]
    assert (hls["type"], hls["name"], hls["url"]) == (
        "HLS",
        "default hls",
        f"http://live.example:8088/{livestream}/index.m3u8",
    )
    assert (archive["type"], archive["publicId"]) == ("ARCHIVE", f"live_stream_{livestream}_archive")
    assert rest.call("GET", f"{path}/{hls['id']}") == hls
    assert rest.call("GET", path.removesuffix("/outputs"))["outputs"] == [hls, archive]


def test_recording_switches_are_shortcuts_on_the_outputs(rest: Rest, others: Others) -> None:
    """Off takes both away, automatic brings them back; what ingest and packager go by follows."""
    path = outputs_path(rest, recording={"mode": "OFF"})
    livestream = path.removesuffix("/outputs")
    assert types_of(rest, path) == []
    shown = rest.call("GET", livestream)
    assert (shown["record"], shown["recording"]["mode"]) == (False, "OFF")
    key = StreamKey.FromString(others.get("keys", digest(shown["inputs"][0]["streamKey"])) or b"")
    assert (key.rules.record, key.rules.is_hidden) == (False, True)

    rest.call("PATCH", livestream, {"recording": {"mode": "AUTOMATIC"}})
    assert types_of(rest, path) == ["HLS", "ARCHIVE"]
    rest.call("PATCH", livestream, {"record": False})
    assert types_of(rest, path) == ["HLS"]
    assert rest.call("GET", livestream)["recording"]["mode"] == "OFF"


def test_there_is_at_most_one_output_of_the_lasting_types(rest: Rest) -> None:
    """A second one is a conflict; a deleted one may be made again."""
    path = outputs_path(rest)
    assert rest.post(path, json={"type": "HLS"}).status_code == 409
    archive = rest.call("GET", path)["outputs"][1]

    rest.call("DELETE", f"{path}/{archive['id']}")

    assert types_of(rest, path) == ["HLS"]
    again = rest.call("POST", path, {"type": "ARCHIVE", "publicId": "mine"})
    assert (again["publicId"], again["id"] != archive["id"]) == ("mine", True)


def test_simulcast_target_is_checked_sealed_and_unique(rest: Rest, others: Others, api: ApiServer) -> None:
    """Its key is shown to those who may send, and lies nowhere in clear."""
    path = outputs_path(rest)
    made = rest.call("POST", path, TARGET)

    assert (made["streamKey"], made["vendor"], made["state"], made["enabled"]) == (
        KEY,
        "youtube",
        "DISCONNECTED",
        True,
    )
    assert rest.post(path, json=TARGET).status_code == 409
    assert rest.post(path, json=TARGET | {"streamKey": "other"}).status_code == 200
    for url in ("http://a.example/x", "rtmp://", "rtmp://user:pw@a.example/x", "srt://a b", "rtmp://a:0/x"):
        refused = rest.post(path, json=TARGET | {"url": url})
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "output.url"), url
    kept = others.get("livestreams", path.split("/")[3]) or b""
    assert b"a.rtmp.example" in kept
    assert KEY.encode() not in kept
    with api.client(token=new_token(rest, "READ")) as reader:
        assert "streamKey" not in reader.call("GET", f"{path}/{made['id']}")


def test_on_air_simulcast_changes_and_the_others_do_not(rest: Rest, others: Others) -> None:
    """What viewers watch and what is kept stays as it began."""
    path = outputs_path(rest)
    hls = rest.call("GET", path)["outputs"][0]
    others.put("onair", path.split("/")[3], on_air(new_id()))

    assert rest.delete(f"{path}/{hls['id']}").status_code == 409
    assert rest.patch(f"{path}/{hls['id']}", json={"name": "x"}).status_code == 409
    made = rest.call("POST", path, TARGET)
    changed = rest.call("PATCH", f"{path}/{made['id']}", {"enabled": False})
    rest.call("DELETE", f"{path}/{made['id']}")

    assert changed["enabled"] is False
    assert types_of(rest, path) == ["HLS", "ARCHIVE"]


def test_what_an_output_cannot_have_is_refused_by_name(rest: Rest) -> None:
    """Type and vendor never change, and a recording goes nowhere."""
    path = outputs_path(rest)
    hls = rest.call("GET", path)["outputs"][0]

    refused = rest.patch(f"{path}/{hls['id']}", json={"url": "rtmp://a.example/x"})
    masked = rest.patch(f"{path}/{hls['id']}?updateMask=vendor", json={})

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "output.url")
    assert masked.status_code == 400
    assert rest.get(f"{path}/{new_id()}").status_code == 404


def test_fifty_one_simulcast_outputs_are_one_too_many(rest: Rest) -> None:
    """The limit is said."""
    path = outputs_path(rest)
    for number in range(50):
        rest.call("POST", path, TARGET | {"streamKey": str(number)})

    refused = rest.post(path, json=TARGET | {"streamKey": "one more"})

    assert refused.status_code == 409
    assert "50" in refused.json()["detail"]


def test_output_that_leads_inside_is_refused(rest: Rest) -> None:
    """Only public addresses are pushed to, unless the operator allows more."""
    made = rest.call("POST", "/v1/livestreams", {})
    for url in ("rtmp://127.0.0.1/live", "srt://[::ffff:10.0.0.1]:9000", "rtmps://2130706433/live"):
        answer = rest.post(f"/v1/livestreams/{made['id']}/outputs", json=TARGET | {"url": url})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "output.url")


def test_many_outputs_made_at_once_are_all_made(rest: Rest) -> None:
    """Who loses the race for the record tries again, also beside those who change other fields of it."""
    path = outputs_path(rest)
    livestream, keys = path.removesuffix("/outputs"), {str(number) for number in range(8)}

    def make(key: str) -> int:
        named = rest.patch(livestream, json={"metadata": {"by": key}})
        return max(named.status_code, rest.post(path, json=TARGET | {"streamKey": key}).status_code)

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(make, keys)) == {200}
    assert {each["streamKey"] for each in rest.call("GET", path)["outputs"][2:]} == keys


def test_of_many_who_name_a_version_one_wins(rest: Rest) -> None:
    """The others are told, and nothing is tried again for them."""
    livestream = outputs_path(rest).removesuffix("/outputs")
    version = rest.get(livestream).headers["etag"]

    def name(number: int) -> int:
        return rest.patch(livestream, json={"name": str(number)}, headers={"If-Match": version}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(name, range(8))) == [200, *[412] * 7]


async def test_output_that_leads_inside_by_now_can_be_switched_off(nats: NatsServer) -> None:
    """Its name is looked at where it is given, and again before each connection."""
    bus, addresses = await connect(nats.url, name="test"), ["8.8.8.8"]

    async def resolve(_host: str, _port: int) -> list[str]:
        return list(addresses)

    domain = domain_of(await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None), ManualClock())
    outputs = replace(domain.outputs, targets=Targets(allows_private=False, resolver=resolve))
    with calling(WRITER):
        livestream = (await domain.livestreams.create(fresh(1))).key
        given = Output(type=Output.SIMULCAST, url="rtmp://a.example/live", stream_key="k")
        _, made = await outputs.create(livestream, given)
        addresses[:] = ["10.0.0.1"]
        _, off = await outputs.update(livestream, Output(id=made.id, enabled=False), frozenset({"enabled"}))
        with pytest.raises(AppError, match="private"):
            await outputs.update(livestream, Output(id=made.id, url=given.url), frozenset({"url"}))
    await bus.close()

    assert off.is_disabled
