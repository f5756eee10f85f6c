"""Streamdiver's dialect: create, start, publish, stop, and what becomes of it."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from headwater.internal.v1.onair_pb2 import OnAir
from services.common.ids import new_id
from tests.api.running import Others, Rest, until
from tests.api.test_chronicle import on_air

BASE = "/streamdiver/v2"


def data(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    content = answer.json()
    assert content["status"] == "success"
    return content["data"]


def make(rest: Rest, **fields: Any) -> dict[str, Any]:
    return dict(data(rest.post(f"{BASE}/livestreams", json={"name": "Live1", "source": "rtmp", **fields}), 201))


def test_new_livestream_waits_for_start(rest: Rest) -> None:
    """No inputs are shown before it; natively it is manual, gated and used once."""
    made = make(rest, withDvr=True)

    assert str(uuid.UUID(made["id"])) == made["id"]
    assert (made["status"], made["inputs"], made["source"], made["withDvr"]) == ("created", [], "rtmp", True)
    native = rest.get(f"/v1/livestreams/{made['id']}").json()
    assert (native["start"], native["publishGate"], native["singleUse"]) == ("MANUAL", True, True)


def test_start_shows_where_encoders_send_to(rest: Rest) -> None:
    """URL and key in one, for both instances; publish without a picture is refused."""
    made = make(rest)
    started = data(rest.post(f"{BASE}/livestreams/{made['id']}/start"))

    assert started["status"] == "started"
    assert [each["primary"] for each in started["inputs"]] == [True, False]
    assert all(each["url"].startswith("rtmp://") and each["url"].count("/") == 4 for each in started["inputs"])
    refused = rest.post(f"{BASE}/livestreams/{made['id']}/publish")
    assert (refused.status_code, refused.json()["status"]) == (409, "fail")


def test_channels_are_kept_and_shown(rest: Rest) -> None:
    """A default one where none is named."""
    channel = str(uuid.uuid4())
    assert len(make(rest)["channelIds"]) == 1
    made = make(rest, channelIds=[channel])
    assert made["channelIds"] == [channel]
    changed = data(rest.put(f"{BASE}/livestreams/{made['id']}", json={"name": "Live2"}))
    assert (changed["name"], changed["channelIds"]) == ("Live2", [channel])


def test_changes_at_the_same_time_are_all_made(rest: Rest) -> None:
    """Each is made on top of what another has written meanwhile; nobody is told to come again."""
    path = f"{BASE}/livestreams/{make(rest)['id']}"
    wanted = [{"channelIds": [str(uuid.uuid4())]}, {"name": "Live3"}, {"withDvr": True}]

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda body: rest.put(path, json=body).status_code, wanted * 2))

    assert answers == [200] * 6
    changed = data(rest.get(path))
    assert [{field: changed[field]} for field in ("channelIds", "name", "withDvr")] == wanted


def test_list_is_paged_from_zero_and_sorted(rest: Rest) -> None:
    """`perpage` at most 50, `sort` by a property either way."""
    names = [make(rest, name=f"paged-{letter}")["name"] for letter in "bac"]
    answer = rest.get(f"{BASE}/livestreams?perpage=50&sort=name").json()
    shown = [each["name"] for each in answer["data"] if each["name"].startswith("paged-")]
    assert shown == sorted(names)
    assert answer["paging"]["perpage"] == 50
    first = rest.get(f"{BASE}/livestreams?perpage=1").json()
    second = rest.get(f"{BASE}/livestreams?perpage=1&page=1").json()
    assert first["data"][0]["id"] != second["data"][0]["id"]
    assert rest.get(f"{BASE}/livestreams?perpage=51").status_code == 400
    assert rest.get(f"{BASE}/livestreams?sort=mood").status_code == 400


def test_deleted_livestream_is_gone(rest: Rest) -> None:
    """404 in the envelope of a caller's fault."""
    made = make(rest)
    assert data(rest.delete(f"{BASE}/livestreams/{made['id']}")) is None
    missing = rest.get(f"{BASE}/livestreams/{made['id']}")
    assert (missing.status_code, missing.json()["status"]) == (404, "fail")


def test_deleted_livestream_ends_its_broadcast(rest: Rest, others: Others) -> None:
    """On air it may be deleted; what is being converted may not."""
    made = make(rest)
    livestream, broadcast = made["id"].replace("-", ""), new_id()
    record = on_air(broadcast)
    record.rules.record = False
    others.put("onair", livestream, record)
    until(lambda: rest.get(f"/v1/livestreams/{livestream}").json(), lambda one: one.get("broadcastId") == broadcast)
    assert data(rest.delete(f"{BASE}/livestreams/{made['id']}")) is None
    assert OnAir.FromString(others.get("onair", livestream) or b"").end_reason == "order"


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "x", "source": "srt"}, {"name": "x", "channelIds": ["y"]}])
def test_wrong_body_names_the_field(rest: Rest, body: dict[str, Any]) -> None:
    """As JSend has it: `fail` with what is wrong of each field."""
    answer = rest.post(f"{BASE}/livestreams", json=body)
    assert (answer.status_code, answer.json()["status"]) == (400, "fail")
    assert answer.json()["data"]


def test_access_token_of_client_credentials_is_good(rest: Rest) -> None:
    """The admin token is a client's secret, and what comes back a bearer token."""
    token = rest.headers.pop("Authorization").removeprefix("Bearer ")
    form = {"grant_type": "client_credentials", "client_id": "admin", "client_secret": token}
    granted = rest.post("/streamdiver/realms/default/protocol/openid-connect/token", data=form)
    assert granted.status_code == 200, granted.text
    access = granted.json()["access_token"]
    answer = rest.get(f"{BASE}/livestreams", headers={"Authorization": f"Bearer {access}"})
    assert answer.status_code == 200


def test_media_of_nobody_is_not_found(rest: Rest) -> None:
    """And uploads are not ours."""
    assert data(rest.get(f"{BASE}/media")) == []
    assert rest.get(f"{BASE}/media/{uuid.uuid4()}").status_code == 404
    refused = rest.post(f"{BASE}/media", json={})
    assert (refused.status_code, refused.json()["status"]) == (501, "error")
