"""Cloudinary's dialect: its 12 endpoints, its envelope, and the same livestreams as everywhere."""

from typing import Any

import pytest

from tests.api.running import Rest

BASE = "/cloudinary/v2/video/default/live_streams"


def make(rest: Rest, **fields: Any) -> dict[str, Any]:
    answer = rest.post(BASE, json={"name": "weekly", "input": {"type": "rtmp"}, **fields})
    assert answer.status_code == 200, answer.text
    content = answer.json()
    assert set(content) == {"request_id", "data"}
    return dict(content["data"])


def output_of(stream: dict[str, Any], kind: str) -> dict[str, Any]:
    return next(each for each in stream["outputs"] if each["type"] == kind)


def test_new_stream_has_what_the_vendor_shows(rest: Rest) -> None:
    """Idle, with a key for the encoder and two outputs."""
    stream = make(rest)

    assert (stream["name"], stream["status"]) == ("weekly", "idle")
    assert (stream["idle_timeout_sec"], stream["max_runtime_sec"]) == (120, 10800)
    assert stream["input"]["type"] == "rtmp"
    assert stream["input"]["uri"].startswith("rtmp://")
    assert stream["input"]["stream_key"]
    assert sorted(each["type"] for each in stream["outputs"]) == ["archive", "hls"]
    assert output_of(stream, "hls")["uri"].endswith(".m3u8")
    assert output_of(stream, "archive")["public_id"] == f"live_stream_{stream['id']}_archive"
    assert 1_600_000_000_000 < stream["created_at"] <= stream["updated_at"]


def test_stream_is_the_native_livestream(rest: Rest) -> None:
    """Seen by either, in either order of the path, and by the id with dashes."""
    stream = make(rest)
    native = rest.get(f"/v1/livestreams/{stream['id']}").json()

    assert native["name"] == "weekly"
    assert native["maxRunTime"] == "10800s"
    found = rest.get(f"/cloudinary/v2/default/video/live_streams/{stream['id']}").json()["data"]
    assert found == stream
    assert stream["id"] in [each["id"] for each in rest.get(BASE).json()["data"]]


def test_update_changes_what_was_sent(rest: Rest) -> None:
    """And null brings the default back."""
    stream = make(rest, idle_timeout_sec=300, max_runtime_sec=60)
    changed = rest.patch(f"{BASE}/{stream['id']}", json={"name": "new", "idle_timeout_sec": None}).json()["data"]

    assert (changed["name"], changed["idle_timeout_sec"], changed["max_runtime_sec"]) == ("new", 120, 60)
    assert rest.patch(f"{BASE}/{stream['id']}", json={}).json()["data"] == changed


def test_activate_and_idle_answer_with_a_message(rest: Rest) -> None:
    """Idling one that is neither armed nor on air is refused."""
    stream = make(rest)
    url = f"{BASE}/{stream['id']}"
    activated = rest.post(f"{url}/activate")
    assert (activated.status_code, list(activated.json()["data"])) == (200, ["message"])
    assert rest.get(url).json()["data"]["status"] == "active"
    assert rest.post(f"{url}/idle").status_code == 200
    assert rest.get(url).json()["data"]["status"] == "idle"
    refused = rest.post(f"{url}/idle")
    assert (refused.status_code, refused.headers["x-should-retry"]) == (409, "false")


def test_outputs_are_made_changed_and_deleted(rest: Rest) -> None:
    """One archive at most; simulcasts as many as one likes."""
    stream = make(rest)
    url = f"{BASE}/{stream['id']}/outputs"
    sent = {
        "type": "simulcast",
        "name": "YT",
        "uri": "rtmp://a.example.com/live2",
        "stream_key": "s",
        "vendor": "youtube",
    }
    made = rest.post(url, json=sent).json()["data"]

    assert {name: made[name] for name in sent} == sent
    assert rest.get(f"{url}/{made['id']}").json()["data"] == made
    changed = rest.patch(f"{url}/{made['id']}", json={"name": "Y"}).json()["data"]
    assert (changed["name"], changed["uri"]) == ("Y", sent["uri"])
    assert rest.patch(f"{url}/{made['id']}", json={"vendor": "twitch"}).status_code == 400
    assert rest.post(url, json={"type": "archive"}).status_code == 409
    archive = output_of(stream, "archive")
    renamed = rest.patch(f"{url}/{archive['id']}", json={"public_id": "event-1"}).json()["data"]
    assert renamed["public_id"] == "event-1"
    assert rest.patch(f"{url}/{output_of(stream, 'hls')['id']}", json={"uri": "rtmp://x.example"}).status_code == 400
    assert rest.delete(f"{url}/{made['id']}").status_code == 200
    assert len(rest.get(url).json()["data"]) == 2
    assert rest.get(f"{url}/{made['id']}").status_code == 404


def test_deleted_stream_is_gone(rest: Rest) -> None:
    """With a message."""
    stream = make(rest)
    deleted = rest.delete(f"{BASE}/{stream['id']}")
    assert (deleted.status_code, list(deleted.json()["data"])) == (200, ["message"])
    missing = rest.get(f"{BASE}/{stream['id']}")
    assert (missing.status_code, list(missing.json())) == (404, ["request_id", "error"])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": {"type": "srt"}},
        {"input": {"type": "rtmp"}, "idle_timeout_sec": -1},
        {"input": {"type": "rtmp"}, "name": "x" * 257},
    ],
)
def test_wrong_body_is_refused_in_its_envelope(rest: Rest, body: dict[str, Any]) -> None:
    """With the field named in the sentence."""
    answer = rest.post(BASE, json=body)
    assert (answer.status_code, list(answer.json()["error"])) == (400, ["message"])


def test_wrong_field_is_named_without_what_is_ours(rest: Rest) -> None:
    """The native API's request has the name in a livestream."""
    answer = rest.post(BASE, json={"input": {"type": "rtmp"}, "name": "a\x00b"})
    assert answer.json()["error"]["message"].startswith("name: must not have control characters")
