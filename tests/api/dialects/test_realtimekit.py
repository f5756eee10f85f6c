"""RealtimeKit's dialect, at Cloudflare's paths and at Dyte's."""

import uuid
from typing import Any

import pytest

from tests.api.running import Rest

ROOT = "/cloudflare/client/v4/accounts/default/realtime/kit"
BASE = f"{ROOT}/default"
FAR = 4_102_444_800
"""The year 2100."""


def data(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    assert answer.json()["success"] is True
    return answer.json()["data"]


def make(rest: Rest, base: str = BASE, **fields: Any) -> dict[str, Any]:
    return dict(data(rest.post(f"{base}/livestreams", json=fields), 201))


def test_new_livestream_is_as_in_the_vendors_sample(rest: Rest) -> None:
    """Key for key; `disabled` is a bool here."""
    made = make(rest, name="Livestreaming-Demo")

    assert set(made) >= {
        *("id", "disabled", "ingest_server", "meeting_id", "name", "playback_url", "status", "stream_key"),
    }
    assert (made["disabled"], made["meeting_id"], made["status"]) == (False, None, "INVOKED")
    assert str(uuid.UUID(made["id"])) == made["id"]
    assert made["playback_url"].endswith(".m3u8")


def test_body_may_be_empty(rest: Rest) -> None:
    """As the sample call has it, and without a body at all."""
    assert make(rest)["name"] is None
    assert data(rest.post(f"{BASE}/livestreams"), 201)["status"] == "INVOKED"


def test_list_has_pages_counted_from_one(rest: Rest) -> None:
    """`data` an array with `paging` beside it, and `disabled` a word."""
    made = [make(rest, name=f"page-{number}")["id"] for number in range(3)]
    answer = rest.get(f"{BASE}/livestreams?per_page=2&page_no=1").json()
    assert [each["id"] for each in answer["data"]] == made[:0:-1]
    assert {each["disabled"] for each in answer["data"]} == {"false"}
    assert (answer["paging"]["start_offset"], answer["paging"]["end_offset"]) == (1, 2)
    oldest = rest.get(f"{BASE}/livestreams?per_page=1&sort_order=ASC").json()["data"][0]["id"]
    assert oldest != made[-1]
    assert made[0] in [
        each["id"] for each in rest.get(f"{BASE}/livestreams?status=INVOKED&per_page=1000").json()["data"]
    ]
    assert rest.get(f"{BASE}/livestreams?status=LIVE").json()["paging"]["total_count"] == 0


def test_times_may_be_iso_and_unix(rest: Rest) -> None:
    """Nothing was made in the last century."""
    make(rest)
    assert rest.get(f"{BASE}/livestreams?end_time=1999-12-31T00:00:00Z").json()["data"] == []
    assert rest.get(f"{BASE}/livestreams?start_time={FAR}").json()["data"] == []
    assert rest.get(f"{BASE}/livestreams?start_time=yesterday").status_code == 400


def test_keys_are_reset_and_streams_switched(rest: Rest) -> None:
    """The id stays."""
    made = make(rest)
    url = f"{BASE}/livestreams/{made['id']}"
    reset = data(rest.post(f"{url}/reset-stream-key"))
    assert (reset["id"] == made["id"], reset["stream_key"] == made["stream_key"]) == (True, False)
    disabled = data(rest.put(f"{url}/disable"))
    assert (disabled["disabled"], disabled["status"]) == ("true", "INVOKED")
    listed = {word: rest.get(f"{BASE}/livestreams?status={word}&per_page=1000").json() for word in ("INVOKED", "IDLE")}
    assert [any(each["id"] == disabled["id"] for each in one["data"]) for one in listed.values()] == [True, False]
    assert data(rest.put(f"{url}/enable"))["disabled"] == "false"


def test_detail_has_sessions(rest: Rest) -> None:
    """None yet, and none active."""
    made = make(rest)
    detail = data(rest.get(f"{BASE}/livestreams/{made['id']}"))
    assert (detail["livestream"]["id"], detail["sessions"], detail["session"]) == (made["id"], [], None)
    active = data(rest.get(f"{BASE}/livestreams/{made['id']}/active-livestream-session"))
    assert active["session"] is None
    assert rest.get(f"{BASE}/livestreams/sessions/{uuid.uuid4()}").status_code == 404


def test_analytics_are_sums(rest: Rest) -> None:
    """Of nothing, nothing."""
    query = "start_time=0&end_time=1"
    assert data(rest.get(f"{BASE}/analytics/livestreams/overall?{query}"))["count"] == 0
    assert data(rest.get(f"{BASE}/analytics/livestreams/daywise?{query}")) == []


def test_apps_keep_livestreams_apart(rest: Rest) -> None:
    """Another app's livestream is as unknown as one that never was."""
    app = data(rest.post(f"{ROOT}/apps", json={"name": "second"}), 201)["app"]
    assert app["id"] in [each["id"] for each in data(rest.get(f"{ROOT}/apps?search=SECOND"))]
    made = make(rest, f"{ROOT}/{app['id']}")
    assert rest.get(f"{BASE}/livestreams/{made['id']}").status_code == 404
    assert rest.get(f"{ROOT}/{app['id']}/livestreams/{made['id']}").status_code == 200
    assert made["id"] not in [each["id"] for each in data(rest.get(f"{BASE}/livestreams?per_page=1000"))]


def test_dyte_shows_the_default_app(rest: Rest) -> None:
    """With Basic credentials, as it had."""
    made = make(rest, "/dyte/v2", name="old")
    token = rest.headers["Authorization"].removeprefix("Bearer ")
    del rest.headers["Authorization"]
    answer = rest.get(f"/dyte/v2/livestreams/{made['id']}", auth=("admin", token))
    assert data(answer)["livestream"]["name"] == "old"


def test_webhooks_are_made_changed_and_deleted(rest: Rest) -> None:
    """Only those of this format and app are shown."""
    sent = {"name": "n", "url": "https://hooks.example.com/x", "events": ["livestreaming.statusUpdate"]}
    made = data(rest.post(f"{BASE}/webhooks", json=sent), 201)
    assert {name: made[name] for name in sent} == sent
    assert data(rest.get(f"{BASE}/webhooks")) == [made]
    assert data(rest.patch(f"{BASE}/webhooks/{made['id']}", json={"enabled": False}))["enabled"] is False
    assert data(rest.put(f"{BASE}/webhooks/{made['id']}", json=sent | {"name": "m"}))["enabled"] is True
    assert data(rest.delete(f"{BASE}/webhooks/{made['id']}"))["name"] == "m"
    assert data(rest.get(f"{BASE}/webhooks")) == []
    assert "livestreaming.statusUpdate" in data(rest.get(f"{BASE}/webhooks/all"))


@pytest.mark.parametrize(
    ("verb", "path", "status"),
    [
        ("POST", "/meetings/m/livestreams", 501),
        ("GET", "/analytics/daywise", 501),
        ("POST", "/livestreams", 400),
        ("GET", "/nothing", 404),
        ("PATCH", "/livestreams", 405),
    ],
)
def test_refusals_have_its_envelope(rest: Rest, verb: str, path: str, status: int) -> None:
    """Success is false, and the error has a number and a sentence."""
    answer = rest.request(verb, BASE + path, json={"name": "with spaces"})
    assert (answer.status_code, answer.json()["success"]) == (status, False)
    assert set(answer.json()["error"]) == {"code", "message"}
