"""Clips: ordered, shown, deleted, with an archiver behind."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import ClipMediaRequest, Media
from services.api.clips import check, record_of
from services.common.errors import AppError
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.small_archiver import SmallArchiver, clip_of, small_archiver
from tests.api.test_chronicle import on_air, playback, state_of
from tests.servers.nats import NatsServer
from tests.servers.ports import free_ports

pytestmark = pytest.mark.connected

PORT = free_ports(1)[0]
SECOND_US = 1_000_000


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    address = f"127.0.0.1:{PORT}"
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, archiver_address=address) as server:
        yield server


@pytest.fixture(scope="module")
def archiver(nats: NatsServer) -> Iterator[SmallArchiver]:
    with small_archiver(Others(nats.url), PORT) as server:
        yield server


def recorded(rest: Rest, others: Others, **more: Any) -> dict[str, Any]:
    """The recording of a livestream of its own, 80 s long."""
    livestream, media = rest.call("POST", "/v1/livestreams", {"name": "show", **more})["id"], new_id()
    others.put("playback", media, playback(livestream, media, Playback.RECORDED))
    made: dict[str, Any] = until(lambda: rest.get(f"/v1/media/{media}").json(), lambda one: one.get("state") == "READY")
    return made


def ordered(rest: Rest, media: str, start: str = "0s", end: str = "2s", **more: Any) -> dict[str, Any]:
    """A clip that is being made."""
    answer = rest.post(f"/v1/media/{media}:clip", json={"start": start, "end": end, **more})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def clipped(rest: Rest, media: str, start: str, end: str, **more: Any) -> dict[str, Any]:
    """A clip that is made."""
    return seen(rest, ordered(rest, media, start, end, **more)["id"], "READY")


def seen(rest: Rest, media: str, state: str) -> dict[str, Any]:
    """A media as soon as it is in this state."""
    found: dict[str, Any] = until(lambda: rest.get(f"/v1/media/{media}").json(), lambda one: one.get("state") == state)
    return found


def piece(start_s: float, end_s: float, **more: Any) -> ClipMediaRequest:
    start, end = Duration(), Duration()
    start.FromMicroseconds(round(start_s * SECOND_US))
    end.FromMicroseconds(round(end_s * SECOND_US))
    return ClipMediaRequest(start=start, end=end, **more)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (piece(-1, 5), "start"),
        (piece(5, 5), "start"),
        (piece(6, 5), "start"),
        (piece(5, 80.001), "end"),
        (piece(0, 5, allowed_origins=["not a site"]), "allowedOrigins"),
    ],
)
def test_piece_that_the_media_has_not_is_refused_by_name(wanted: ClipMediaRequest, field: str) -> None:
    """Nothing before its beginning or after its end, and nothing of no length."""
    with pytest.raises(AppError) as refused:
        check(wanted, 80 * SECOND_US)

    assert refused.value.field == field
    check(piece(0, 80), 80 * SECOND_US)


def test_clip_has_what_is_asked_for_and_else_what_its_source_has() -> None:
    """But neither its source's last day nor its names in public."""
    source = MediaRecord(id="s", livestream_id="l", broadcast_id="b", tenant_id="t", app_id="a", name="n", creator="c")
    source.width, source.public_id, source.scheduled_delete_time_us = 1280, "p", 99
    source.access.require_signed_urls = True
    source.access.allowed_origins.append("a.example")
    same = record_of(source, piece(3, 5), "k", now_us=7)
    asked = piece(3, 5, name="N", creator="C", require_signed_urls=False, allowed_origins=["b.example"])
    asked.scheduled_delete_time.FromMicroseconds(50)
    asked.metadata["k"], asked.thumbnail_position = "v", 0.5
    other = record_of(source, asked, "k", now_us=7)

    assert (same.id, same.livestream_id, same.broadcast_id, same.clipped_from) == ("k", "l", "b", "s")
    assert (same.tenant_id, same.app_id, same.name, same.creator, same.width) == ("t", "a", "n", "c", 1280)
    assert (same.state, same.create_time_us, same.clip_time_us) == (Media.FINISHING, 7, 0)
    assert (same.clip_start_us, same.clip_end_us) == (3 * SECOND_US, 5 * SECOND_US)
    assert (same.public_id, same.scheduled_delete_time_us, same.access) == ("", 0, source.access)
    assert (other.name, other.creator, other.scheduled_delete_time_us) == ("N", "C", 50)
    assert (other.access.require_signed_urls, list(other.access.allowed_origins)) == (False, ["b.example"])
    assert (dict(other.metadata), other.thumbnail_position) == ({"k": "v"}, 0.5)
    assert source.access.require_signed_urls


def test_clip_is_a_media_like_any(rest: Rest, others: Others, archiver: SmallArchiver) -> None:
    """It is listed with its livestream, is no broadcast, plays, is converted, and can be cut in turn."""
    del archiver
    source = recorded(rest, others, creator="ann")
    made = clipped(rest, source["id"], "3s", "5.5s", name="goal")

    assert (made["state"], made["name"], made["creator"]) == ("READY", "goal", "ann")
    assert (made["clippedFrom"], made["livestreamId"]) == (source["id"], source["livestreamId"])
    assert (made["duration"], made["sizeBytes"]) == ("4s", "4000000")
    assert made["playouts"][0]["url"].endswith(f"/{made['id']}/index.m3u8")
    assert rest.call("GET", f"/v1/media/{made['id']}") == made
    listed = rest.call("GET", f"/v1/media?livestreamId={source['livestreamId']}")["media"]
    assert {each["id"] for each in listed} == {source["id"], made["id"]}
    assert rest.call("POST", f"/v1/media/{made['id']}/downloads", {"format": "MP4"})["state"] == "IN_PROGRESS"
    assert clipped(rest, made["id"], "0s", "2s")["clippedFrom"] == made["id"]
    recorded(rest, others)  # what was written before has been seen
    broadcasts = rest.call("GET", f"/v1/livestreams/{source['livestreamId']}/broadcasts")["broadcasts"]
    assert [each["id"] for each in broadcasts] == [source["id"]]


def test_clip_is_there_at_once_and_says_how_far_it_is(
    rest: Rest, others: Others, archiver: SmallArchiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FINISHING with a percentage, in lists, too, and what needs a whole media refuses it; then READY or FAILED."""
    monkeypatch.setattr(archiver, "is_slow", True)
    source = recorded(rest, others)
    first, second = [ordered(rest, source["id"], name="goal")["id"] for _ in range(2)]

    made = until(lambda: rest.call("GET", f"/v1/media/{first}"), lambda one: one.get("percent"))
    assert (made["state"], made["percent"], made.get("readyTime")) == ("FINISHING", 40.0, None)
    waiting = rest.call("GET", f"/v1/media?livestreamId={source['livestreamId']}&state=FINISHING")["media"]
    assert {each["id"] for each in waiting} == {first, second}
    shown = rest.call("GET", f"/cloudflare/client/v4/accounts/default/stream/{first}")["result"]
    assert (shown["status"]["state"], shown["status"]["pctComplete"]) == ("inprogress", "40")
    assert (shown["readyToStream"], shown["readyToStreamAt"]) == (False, None)
    assert rest.post(f"/v1/media/{first}/downloads", json={"format": "MP4"}).status_code == 409
    assert rest.post(f"/v1/media/{first}:clip", json={"start": "0s", "end": "1s"}).status_code == 409

    archiver.finish_clip(archiver.clip(first))
    archiver.fail_clip(archiver.clip(second), "a part of the recording is not in the store")
    assert "percent" not in seen(rest, first, "READY")
    failed = seen(rest, second, "FAILED")
    assert failed["failureReason"] == "a part of the recording is not in the store"
    assert rest.call("GET", f"/v1/media/{source['id']}")["state"] == "READY"
    rest.call("DELETE", f"/v1/media/{second}?permanent=true")
    assert rest.get(f"/v1/media/{second}").status_code == 404


def test_recording_stays_while_a_clip_is_made_of_it(
    rest: Rest, others: Others, archiver: SmallArchiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For good it cannot be deleted, with its livestream only after its clips; the bin harms nothing."""
    monkeypatch.setattr(archiver, "is_slow", True)
    source = recorded(rest, others)
    clip = ordered(rest, source["id"])["id"]
    refused = rest.delete(f"/v1/media/{source['id']}?permanent=true")
    assert (refused.status_code, "a clip of it is being made" in refused.text) == (409, True)
    rest.call("DELETE", f"/v1/media/{source['id']}")
    assert rest.delete(f"/v1/media/{source['id']}?permanent=true").status_code == 409

    rest.call("DELETE", f"/v1/livestreams/{source['livestreamId']}?deleteMedia=true")
    until(lambda: rest.get(f"/v1/media/{source['id']}").status_code, lambda status: status == 404)
    assert archiver.deleted[-2:] == [clip, source["id"]]


def test_clip_that_cannot_be_is_refused(rest: Rest, others: Others, archiver: SmallArchiver) -> None:
    """Beyond the end: 400 with the field; of a recording that grows or is deleted: 409; of none: 404."""
    del archiver
    source = recorded(rest, others)
    livestream, growing = rest.call("POST", "/v1/livestreams", {})["id"], new_id()
    others.put("onair", livestream, on_air(growing))
    until(lambda: state_of(rest, livestream), lambda state: state == "LIVE")
    until(lambda: rest.get(f"/v1/media/{growing}").status_code, lambda status: status == 200)

    late = rest.post(f"/v1/media/{source['id']}:clip", json={"start": "0s", "end": "81s"})
    assert (late.status_code, "end" in late.text) == (400, True)
    assert rest.post(f"/v1/media/{growing}:clip", json={"start": "0s", "end": "1s"}).status_code == 409
    assert rest.post(f"/v1/media/{new_id()}:clip", json={"start": "0s", "end": "1s"}).status_code == 404
    rest.call("DELETE", f"/v1/media/{source['id']}")
    assert rest.post(f"/v1/media/{source['id']}:clip", json={"start": "0s", "end": "1s"}).status_code == 409


def test_deleted_clip_is_gone_and_stays_gone(rest: Rest, others: Others, archiver: SmallArchiver) -> None:
    """The archiver's word ends a deletion that api has only begun; neither that nor a late one makes a broadcast."""
    source = recorded(rest, others)
    first, second = [clipped(rest, source["id"], "0s", "2s")["id"] for _ in range(2)]
    rest.call("DELETE", f"/v1/media/{first}?permanent=true")
    whole = Playback(broadcast_id=source["id"], livestream_id=source["livestreamId"])
    gone = clip_of(whole, second, 0, 2 * SECOND_US)
    gone.state = Playback.GONE
    others.put("playback", second, gone)
    for each in (first, second):
        fact = Fact(id=f"{each}-deleted", livestream_id=source["livestreamId"], broadcast_id=each)
        fact.recording_deleted.SetInParent()
        others.say(fact)

    until(lambda: rest.get(f"/v1/media/{second}").status_code, lambda status: status == 404)
    assert first in archiver.deleted
    assert rest.get(f"/v1/media/{first}").status_code == 404
    recorded(rest, others)
    broadcasts = rest.call("GET", f"/v1/livestreams/{source['livestreamId']}/broadcasts")["broadcasts"]
    assert [each["id"] for each in broadcasts] == [source["id"]]
    assert rest.call("GET", f"/v1/media/{source['id']}")["state"] == "READY"
