"""Recordings, their files and their deletion, with an archiver behind."""

from collections.abc import Iterator

import pytest

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.small_archiver import small_archiver
from tests.api.test_chronicle import on_air, playback, state_of
from tests.servers.nats import NatsServer
from tests.servers.ports import free_ports

pytestmark = pytest.mark.connected

PORT = free_ports(1)[0]


@pytest.fixture(scope="module")
def api(nats: NatsServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    address = f"127.0.0.1:{PORT}"
    with ApiServer(tmp_path_factory.mktemp("api"), nats.url, archiver_address=address) as server:
        yield server


def recorded(rest: Rest, others: Others) -> tuple[str, str]:
    livestream, media = rest.call("POST", "/v1/livestreams", {"name": "x"})["id"], new_id()
    others.put("playback", media, playback(livestream, media, Playback.RECORDED))
    until(lambda: rest.get(f"/v1/media/{media}").json(), lambda one: one.get("state") == "READY")
    return livestream, media


def test_ordered_file_shows_its_progress_and_then_its_address(rest: Rest, others: Others) -> None:
    """The order goes to the archiver, whose job is what the media shows."""
    _, media = recorded(rest, others)
    with small_archiver(others, PORT):
        ordered = rest.call("POST", f"/v1/media/{media}/downloads", {"format": "MP4"})
    job = DownloadJob(media_id=media, format="MP4", state=DownloadJob.RUNNING, percent=50)
    others.put("jobs", f"{media}.MP4", job)
    until(lambda: rest.call("GET", f"/v1/media/{media}")["downloads"], lambda found: found[0]["percent"] == 50)
    job.state = DownloadJob.READY
    others.put("jobs", f"{media}.MP4", job)

    done = until(
        lambda: rest.call("GET", f"/v1/media/{media}/downloads")["downloads"],
        lambda found: found[0]["state"] == "READY",
    )

    assert (ordered["format"], ordered["state"]) == ("MP4", "IN_PROGRESS")
    assert done[0]["url"] == f"http://live.example:8088/{media}/download/mp4"


def test_deleted_file_is_no_longer_shown_and_cannot_be_deleted_again(rest: Rest, others: Others) -> None:
    """The order goes to the archiver; of what was never ordered, or is another's, there is nothing to delete."""
    _, media = recorded(rest, others)
    job = DownloadJob(media_id=media, format="MP4", state=DownloadJob.READY)
    others.put("jobs", f"{media}.MP4", job)
    until(lambda: rest.call("GET", f"/v1/media/{media}").get("downloads"))
    with small_archiver(others, PORT):
        until(lambda: rest.delete(f"/v1/media/{media}/downloads/MP4").status_code, lambda status: status == 200)
        again = rest.delete(f"/v1/media/{media}/downloads/MP4")
        never = rest.delete(f"/v1/media/{media}/downloads/M4A")

    assert (again.status_code, never.status_code) == (404, 404)
    assert rest.delete(f"/v1/media/{new_id()}/downloads/MP4").status_code == 404
    until(lambda: rest.call("GET", f"/v1/media/{media}"), lambda shown: not shown.get("downloads"))


def test_file_of_a_format_that_there_is_not_is_refused(rest: Rest, others: Others) -> None:
    """By name, before the archiver is asked."""
    _, media = recorded(rest, others)

    assert rest.post(f"/v1/media/{media}/downloads", json={"format": "AVI"}).status_code == 400
    assert rest.post(f"/v1/media/{media}/downloads", json={}).status_code == 400


def test_orders_while_the_archiver_is_away_are_503_and_change_nothing(rest: Rest, others: Others) -> None:
    """A recording stays in sight as long as its bytes are there."""
    _, media = recorded(rest, others)

    assert rest.post(f"/v1/media/{media}/downloads", json={"format": "MP4"}).status_code == 503
    assert rest.delete(f"/v1/media/{media}?permanent=true").status_code == 503
    assert rest.call("GET", f"/v1/media/{media}")["state"] == "READY"


def test_deleted_recording_is_gone_and_stays_gone(rest: Rest, others: Others) -> None:
    """The archiver deletes the bytes; a late word about the recording does not bring it back."""
    livestream, media = recorded(rest, others)
    with small_archiver(others, PORT) as archiver:
        until(lambda: rest.delete(f"/v1/media/{media}?permanent=true").status_code, lambda status: status != 503)
        assert archiver.deleted == [media]
    late = playback(livestream, media, Playback.RECORDED)
    late.size_bytes += 1
    others.put("playback", media, late)
    _, other = recorded(rest, others)  # what was written later has been seen

    assert rest.get(f"/v1/media/{media}").status_code == 404
    assert rest.call("GET", f"/v1/media/{other}")


def test_deletion_that_was_broken_off_is_ended_by_the_next_one(rest: Rest, others: Others) -> None:
    """As long as bytes may be there it is in sight, deleted; and it is not found only when it is gone."""
    _, media = recorded(rest, others)
    with small_archiver(others, PORT) as archiver:
        archiver.is_store_away = True
        path = f"/v1/media/{media}?permanent=true"
        until(
            lambda: (
                rest.delete(path).status_code == 503 and rest.call("GET", f"/v1/media/{media}")["state"] == "DELETED"
            )
        )

        assert rest.post(f"/v1/media/{media}:restore", json={}).status_code == 409
        assert rest.delete(path).status_code == 503
        archiver.is_store_away = False
        assert (rest.delete(path).status_code, archiver.deleted) == (200, [media])

    assert rest.delete(path).status_code == 404


def test_recording_that_grows_is_neither_deleted_nor_converted(rest: Rest, others: Others) -> None:
    """First the broadcast must end."""
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {})["id"], new_id()
    others.put("onair", livestream, on_air(broadcast))
    until(lambda: state_of(rest, livestream), lambda state: state == "LIVE")
    until(lambda: rest.get(f"/v1/media/{broadcast}").status_code, lambda status: status == 200)

    assert rest.delete(f"/v1/media/{broadcast}").status_code == 409
    assert rest.post(f"/v1/media/{broadcast}/downloads", json={"format": "MP4"}).status_code == 409


def test_media_is_renamed_under_its_version(rest: Rest, others: Others) -> None:
    """Name and metadata are people's, the rest is not."""
    _, media = recorded(rest, others)
    read = rest.get(f"/v1/media/{media}").headers["etag"]

    changed = rest.patch(f"/v1/media/{media}", json={"name": "new", "metadata": {"k": "v"}}, headers={"If-Match": read})
    stale = rest.patch(f"/v1/media/{media}", json={"name": "newer"}, headers={"If-Match": read})

    assert (changed.json()["name"], changed.json()["metadata"]) == ("new", {"k": "v"})
    assert stale.status_code == 412


def test_condition_that_is_not_looked_at_is_refused(rest: Rest, others: Others) -> None:
    """Whoever deletes only what he has read may not delete something else."""
    _, media = recorded(rest, others)
    refused = rest.delete(f"/v1/media/{media}", headers={"If-Match": '"0"'})

    assert refused.status_code == 400
    assert rest.get(f"/v1/media/{media}").status_code == 200


def test_recordings_go_with_their_livestream_only_if_that_is_ordered(rest: Rest, others: Others) -> None:
    """deleteMedia deletes them; without it they stay."""
    kept_by, kept = recorded(rest, others)
    gone_with, gone = recorded(rest, others)

    rest.call("DELETE", f"/v1/livestreams/{kept_by}")
    with small_archiver(others, PORT) as archiver:
        rest.call("DELETE", f"/v1/livestreams/{gone_with}?deleteMedia=true")
        # The first attempt may still find the way to the archiver closed; the mark in the record makes it certain.
        until(lambda: rest.get(f"/v1/media/{gone}").status_code, lambda status: status == 404)
        assert archiver.deleted == [gone]

    assert rest.call("GET", f"/v1/media/{kept}")["state"] == "READY"
