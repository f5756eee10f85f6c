"""Media from the end of the broadcast to the last deletion: lists, names, access, restoring, purging."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import MediaRecord
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.small_archiver import SmallArchiver, small_archiver
from tests.api.test_chronicle import on_air, playback
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


def recorded(rest: Rest, others: Others, livestream: str, *, after_s: int = 0) -> dict[str, Any]:
    """One more recording of a livestream, begun so much later."""
    record = playback(livestream, new_id(), Playback.RECORDED)
    record.start_time_us += after_s * SECOND_US
    others.put("playback", record.broadcast_id, record)
    made: dict[str, Any] = until(
        lambda: rest.get(f"/v1/media/{record.broadcast_id}").json(), lambda one: one.get("state") == "READY"
    )
    return made


def test_recording_takes_over_what_its_livestream_says(rest: Rest, others: Others) -> None:
    """Creator, access and the day of its deletion, as they were when it began."""
    rules = {"retentionDays": 30, "requireSignedUrls": True, "allowedOrigins": ["*.example.com"]}
    made = rest.call("POST", "/v1/livestreams", {"name": "show", "creator": "ann", "recording": rules})
    assert made["recording"] | {"mode": "AUTOMATIC", "hideViewerCount": False} == made["recording"]

    media = recorded(rest, others, made["id"])

    assert (media["creator"], media["requireSignedUrls"]) == ("ann", True)
    assert media["allowedOrigins"] == ["*.example.com"]
    assert (media["readyTime"], media["scheduledDeleteTime"]) == ("2023-11-14T22:14:50Z", "2023-12-14T22:14:50Z")
    rest.call("PATCH", f"/v1/livestreams/{made['id']}", {"recording": {"retentionDays": 0}})
    assert "scheduledDeleteTime" not in recorded(rest, others, made["id"], after_s=60)
    kept = rest.call("GET", f"/v1/livestreams/{made['id']}")["recording"]
    assert ("retentionDays" in kept, kept["requireSignedUrls"]) == (False, True)


def test_newest_recording_holds_the_public_id(rest: Rest, others: Others) -> None:
    """Of one tenant no two have the same; older ones keep their ids alone."""
    livestream = rest.call("POST", "/v1/livestreams", {})["id"]
    first = recorded(rest, others, livestream)
    second = recorded(rest, others, livestream, after_s=60)

    assert first["publicId"] == second["publicId"] == f"live_stream_{livestream}_archive"
    until(lambda: rest.call("GET", f"/v1/media/{first['id']}")["publicId"] == "")


def test_list_has_the_live_one_first_and_takes_filters_and_orders(rest: Rest, others: Others) -> None:
    """Pages by number are the pages by token."""
    livestream = rest.call("POST", "/v1/livestreams", {"creator": "bob", "name": "bob's"})["id"]
    made = [recorded(rest, others, livestream, after_s=place)["id"] for place in (10, 20, 30)]
    now = on_air(new_id())
    now.start_time_us = time.time_ns() // 1000
    others.put("onair", livestream, now)
    until(lambda: rest.get(f"/v1/media/{now.broadcast_id}").status_code, lambda status: status == 200)
    path = f"/v1/media?livestreamId={livestream}"

    def ids(query: str) -> list[str]:
        return [one["id"] for one in rest.call("GET", path + query)["media"]]

    assert ids("") == [now.broadcast_id, *made[::-1]]
    assert ids("&orderBy=create_time") == [*made, now.broadcast_id]
    assert ids("&pageSize=2&page=2") == made[1::-1]
    token = rest.call("GET", f"{path}&pageSize=2")["nextPageToken"]
    assert ids(f"&pageSize=2&pageToken={token}") == made[1::-1]
    assert ids("&state=RECORDING") == [now.broadcast_id]
    assert ids("&after=2023-11-14T22:13:40Z&before=2023-11-14T22:13:50Z") == [made[1]]
    assert len(rest.call("GET", "/v1/media?creator=bob&name=BOB")["media"]) == 4
    assert rest.call("GET", "/v1/media?creator=nobody")["totalCount"] == 0
    assert rest.get(f"{path}&orderBy=name&pageToken={token}").status_code == 400


def test_deleted_media_is_withheld_and_can_be_restored(rest: Rest, others: Others, archiver: SmallArchiver) -> None:
    """Nobody can watch it, nothing is lost, and facts say so."""
    livestream = rest.call("POST", "/v1/livestreams", {})["id"]
    media = recorded(rest, others, livestream)
    path = f"/v1/media/{media['id']}"

    rest.call("DELETE", path)

    gone = rest.call("GET", path)
    assert (gone["state"], gone["playouts"], "purgeTime" in gone) == ("DELETED", [], True)
    assert Playback.FromString(others.get("playback", media["id"]) or b"").is_withheld
    assert rest.call("GET", f"/v1/media?livestreamId={livestream}")["media"] == []
    assert rest.call("GET", f"/v1/media?livestreamId={livestream}&showDeleted=true")["totalCount"] == 1
    assert rest.post(f"{path}/downloads", json={"format": "MP4"}).status_code == 409
    assert rest.patch(path, json={"name": "x"}).status_code == 409
    assert rest.call("POST", f"{path}:restore", {})["state"] == "READY"
    assert not Playback.FromString(others.get("playback", media["id"]) or b"").is_withheld
    assert rest.post(f"{path}:restore", json={}).status_code == 409
    assert media["id"] not in archiver.deleted


def test_update_changes_what_the_mask_names(rest: Rest, others: Others) -> None:
    """A field that is named and not given goes back to its default; what is not people's is refused."""
    media = recorded(rest, others, rest.call("POST", "/v1/livestreams", {"creator": "ann"})["id"])
    path = f"/v1/media/{media['id']}"
    body = {"creator": "bea", "requireSignedUrls": True, "thumbnailPosition": 0.5}
    changed = rest.call("PATCH", path, body | {"scheduledDeleteTime": "2100-01-01T00:00:00Z"})

    assert {field: changed[field] for field in body} == body
    assert changed["scheduledDeleteTime"] == "2100-01-01T00:00:00Z"
    reset = rest.call("PATCH", f"{path}?updateMask=scheduledDeleteTime,creator", {})
    assert (reset["creator"], "scheduledDeleteTime" in reset, reset["requireSignedUrls"]) == ("", False, True)
    assert rest.patch(f"{path}?updateMask=publicId", json={}).status_code == 400
    assert rest.patch(path, json={"allowedOrigins": ["https://x.example/y"]}).status_code == 400


def test_media_that_is_due_is_purged_at_the_start(
    rest: Rest, others: Others, api: ApiServer, archiver: SmallArchiver
) -> None:
    """By its purge time or by its scheduled deletion, bytes first; what is not due stays."""
    livestream = rest.call("POST", "/v1/livestreams", {})["id"]
    purged, scheduled, kept = (recorded(rest, others, livestream, after_s=place)["id"] for place in (1, 2, 3))
    api.kill()
    for media, change in (
        (purged, {"purge_time_us": 2, "delete_time_us": 1}),
        (scheduled, {"scheduled_delete_time_us": 1}),
    ):
        record = MediaRecord.FromString(others.get("media", media) or b"")
        for field, value in change.items():
            setattr(record, field, value)
        others.put("media", media, record)

    api.start()

    until(lambda: {purged, scheduled} <= set(archiver.deleted))
    until(
        lambda: [rest.get(f"/v1/media/{one}").status_code for one in (purged, scheduled)],
        lambda all_: all_ == [404, 404],
    )
    assert rest.call("GET", f"/v1/media/{kept}")["state"] == "READY"


def test_files_are_not_made_of_what_is_too_long(rest: Rest, others: Others, archiver: SmallArchiver) -> None:
    """Four hours are the limit unless the settings say otherwise."""
    record = playback(rest.call("POST", "/v1/livestreams", {})["id"], new_id(), Playback.RECORDED)
    record.duration_us = 4 * 3600 * SECOND_US + 1
    others.put("playback", record.broadcast_id, record)
    path = f"/v1/media/{record.broadcast_id}"
    until(lambda: rest.get(path).json(), lambda one: one.get("state") == "READY")

    refused = rest.post(f"{path}/downloads", json={"format": "MP4"})

    assert (refused.status_code, "4 h" in refused.json()["detail"]) == (409, True)
    assert archiver is not None
