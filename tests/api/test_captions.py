"""Captions over REST, with a real store behind."""

import io
from collections.abc import Iterator

import pytest
from minio import Minio

from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.protection_pb2 import Policy
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.test_chronicle import playback
from tests.api.test_picture import picture
from tests.servers.nats import NatsServer
from tests.servers.s3 import S3Server

pytestmark = pytest.mark.connected

VTT = b"WEBVTT\n\n00:01.000 --> 00:02.000\nhello\n"
HEADERS = {"Content-Type": "text/vtt"}
PNG = {"Content-Type": "image/png"}


@pytest.fixture(scope="module")
def api(nats: NatsServer, s3_server: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    bucket = f"captions-{new_id()}"
    s3_server.client().make_bucket(bucket)
    with ApiServer(
        tmp_path_factory.mktemp("api"),
        nats.url,
        s3_endpoint=s3_server.url,
        s3_access_key=s3_server.access_key,
        s3_secret_key=s3_server.secret_key,
        s3_bucket=bucket,
    ) as server:
        yield server


@pytest.fixture
def store(s3_server: S3Server) -> Minio:
    return s3_server.client()


@pytest.fixture
def path(rest: Rest, others: Others) -> str:
    """Where the captions of a recording are."""
    record = playback(rest.call("POST", "/v1/livestreams", {})["id"], new_id(), Playback.RECORDED)
    record.store_prefix = f"{record.broadcast_id}-secret"
    others.put("playback", record.broadcast_id, record)
    media = f"/v1/media/{record.broadcast_id}"
    until(lambda: rest.get(media).json(), lambda one: one.get("state") == "READY")
    return f"{media}/captions"


def test_captions_are_set_listed_read_and_taken_away(rest: Rest, path: str) -> None:
    """One a language; set again, they are replaced."""
    assert rest.put(f"{path}/de", content=b"WEBVTT\n", headers=HEADERS).status_code == 200
    made = rest.put(f"{path}/de", content=VTT, headers=HEADERS).json()
    rest.put(f"{path}/pt-BR", content=VTT, headers=HEADERS)

    assert (made["language"], made["label"], made["sizeBytes"]) == ("de", "Deutsch", str(len(VTT)))
    assert [each["language"] for each in rest.call("GET", path)["captions"]] == ["de", "pt-BR"]
    assert rest.call("GET", path.removesuffix("/captions"))["captions"][0] == made
    read = rest.get(f"{path}/de")
    assert (read.content, read.headers["content-type"]) == (VTT, "text/vtt; charset=utf-8")
    rest.call("DELETE", f"{path}/de")
    assert rest.get(f"{path}/de").status_code == 404
    assert rest.delete(f"{path}/de").status_code == 404


def test_what_is_no_text_track_is_refused(rest: Rest, path: str) -> None:
    """By the field, and nothing is kept; a language is a tag."""
    refused = rest.put(f"{path}/de", content=b"1\n00:01,000 --> 00:02,000\nx", headers=HEADERS)

    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "text")
    assert rest.call("GET", path)["captions"] == []
    assert rest.put(f"{path}/not a tag", content=VTT, headers=HEADERS).status_code == 400


def test_uploaded_thumbnail_is_written_anew_and_can_be_taken_away(rest: Rest) -> None:
    """Without one the picture is taken from the stream, which origin does."""
    path = f"/v1/livestreams/{rest.call('POST', '/v1/livestreams', {})['id']}/thumbnail"
    assert rest.get(path).status_code == 404

    sent = rest.put(path, content=picture("png", "rgba") + b"hidden", headers={"Content-Type": "image/png"})

    assert sent.status_code == 200, sent.text
    shown = rest.get(path)
    assert (shown.headers["content-type"], shown.content[:3], b"hidden" in shown.content) == (
        "image/jpeg",
        b"\xff\xd8\xff",
        False,
    )
    assert rest.put(path, content=b"GIF89a", headers={"Content-Type": "image/gif"}).status_code in {400, 415}
    rest.call("DELETE", path)
    assert rest.get(path).status_code == 404


def test_uploaded_thumbnail_of_a_recording_is_kept_beside_it(rest: Rest, path: str, others: Others) -> None:
    """Origins are told of it; another one replaces it, and without one the picture is taken from the recording."""
    media = path.removesuffix("/captions")
    key, picked = media.rpartition("/")[2], f"{media}/thumbnail"
    assert rest.get(picked).status_code == 404

    for each in (picture("png", "rgba"), picture("mjpeg", "yuvj420p")):
        assert rest.put(picked, content=each, headers={"Content-Type": "image/png"}).status_code == 200
        assert rest.get(picked).content.startswith(b"\xff\xd8\xff")
    assert rest.put(picked, content=b"GIF89a", headers={"Content-Type": "image/gif"}).status_code == 400
    until(lambda: told(others, key), lambda kept: kept.startswith(f"{key}-secret/thumbnail/"))
    rest.call("DELETE", picked)
    assert rest.get(picked).status_code == 404
    until(lambda: told(others, key), lambda kept: kept == "")


def test_what_was_uploaded_leaves_the_store_when_replaced_or_with_its_livestream(rest: Rest, store: Minio) -> None:
    """What a crash has left under the livestream's name goes too."""
    path = f"/v1/livestreams/{rest.call('POST', '/v1/livestreams', {})['id']}"
    beginning = f"thumbnails/{path.rpartition('/')[2]}/"
    for _ in range(2):
        assert rest.put(f"{path}/thumbnail", content=picture("png", "rgba"), headers=PNG).status_code == 200
    assert len(names(store, beginning)) == 1
    store.put_object(bucket_of(store), f"{beginning}left.jpg", io.BytesIO(b"x"), 1)

    rest.call("DELETE", path)

    until(lambda: names(store, beginning), lambda left: not left)


def test_replaced_uploads_of_a_recording_leave_the_store(rest: Rest, path: str, store: Minio) -> None:
    """What is left lies under the recording's prefix, which the archiver removes whole."""
    media = path.removesuffix("/captions")
    for _ in range(2):
        assert rest.put(f"{path}/de", content=VTT, headers=HEADERS).status_code == 200
        assert rest.put(f"{media}/thumbnail", content=picture("png", "rgba"), headers=PNG).status_code == 200
    assert len(names(store, f"{media.rpartition('/')[2]}-secret/")) == 2
    for each in (f"{path}/de", f"{media}/thumbnail"):
        rest.call("DELETE", each)
    assert names(store, f"{media.rpartition('/')[2]}-secret/") == []


def bucket_of(store: Minio) -> str:
    return next(str(each.name) for each in store.list_buckets() if str(each.name).startswith("captions-"))


def names(store: Minio, beginning: str) -> list[str]:
    return [str(each.object_name) for each in store.list_objects(bucket_of(store), beginning, recursive=True)]


def told(others: Others, media: str) -> str:
    return Policy.FromString(others.get("policies", media) or b"").thumbnail_object_key
