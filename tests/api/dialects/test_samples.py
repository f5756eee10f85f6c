"""The vendors' own samples: the same requests bring the same situations about, and the same answers.

Two of the four products have JSON in what was asked of us; the documents of the other two tell of fields in words.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.dialects.life import KIT, STREAM, Life
from tests.api.dialects.shape import differences
from tests.api.running import Others, Rest, until

pytestmark = pytest.mark.connected

SAMPLES = Path(__file__).with_name("samples")
BOOK = " ".join((Path(__file__).parents[3] / "docs/dialects.md").read_text().split())

RTMP = "until RTMPS is served `rtmps.url` and `ingest_server` are RTMP without TLS"
HTTP = "URLs are `http:` as long as nobody puts TLS in front of Headwater"
SRT = "`srtPlayback.url` is an SRT URL, where the sample shows an RTMPS one"
STREAM_ID = "`srt.streamId` is a credential of its own and not the live input's id"
NO_ERRORS = "a success has no `errors`"
NEWER = "fields that the documents name elsewhere are always there"

Differences = dict[str, tuple[str, str]]
"""By path: what is otherwise, and why."""

PLAIN, ADDED = ("rtmps:/live/ is rtmp:/live/", RTMP), ("added", NEWER)
CREATED: Differences = {
    "errors": ("empty", NO_ERRORS),
    "result.playback": ADDED,
    "result.preferLowLatency": ADDED,
    "result.rtmps.url": PLAIN,
    "result.srt.streamId": ("id is word", STREAM_ID),
    "result.srtPlayback.streamId": ("id is word", STREAM_ID),
    "result.srtPlayback.url": ("rtmps:/live/ is srt:", SRT),
    "result.statusDetail": ADDED,
    "result.webRTC.url": ("https:/*/webRTC/publish is http:/*/webRTC/publish", HTTP),
    "result.webRTCPlayback.url": ("https:/*/webRTC/play is http:/*/webRTC/play", HTTP),
}
STARTED: Differences = {
    "rtmps.url": PLAIN,
    **dict.fromkeys(["deleteRecordingAfterDays", "enabled", "playback", "preferLowLatency"], ADDED),
    **dict.fromkeys(["recording.hideLiveViewerCount", "recording.timeoutSeconds", "rtmpsPlayback"], ADDED),
    **dict.fromkeys(["srt", "srtPlayback", "statusDetail", "webRTC", "webRTCPlayback"], ADDED),
}
KIT_CREATED: Differences = {
    "data.created_at": ADDED,
    "data.ingest_server": PLAIN,
    "data.playback_url": ("https:/*/manifest/video.m3u8 is http:/*/manifest/video.m3u8", HTTP),
    "data.updated_at": ADDED,
}


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return found


def values(document: Any, paths: list[str]) -> list[Any]:
    return [_value(document, path.split(".")) for path in paths]


def _value(document: Any, path: list[str]) -> Any:
    return _value(document[path[0]], path[1:]) if path else document


def words(allowed: Differences) -> dict[str, str]:
    return {path: what for path, (what, _) in allowed.items()}


def test_live_input_is_shown_as_in_the_reference(rest: Rest, others: Others) -> None:
    """Its encoder has come; errors and remarks are held against the sample's entries."""
    told = sample("stream-live-input-created")
    request, wanted = told["request"], told["answer"]
    request["recording"]["allowedOrigins"] = wanted["result"]["recording"]["allowedOrigins"]
    made = rest.post(STREAM, json=request).json()["result"]["uid"]
    Life(rest, others, made).connect()
    found = until(lambda: rest.get(f"{STREAM}/{made}").json(), lambda now: now["result"]["status"] is not None)

    assert differences(wanted, found) == words(CREATED)
    fixed = ["success", "result.status", "result.meta", "result.recording", "result.enabled"]
    fixed += ["result.deleteRecordingAfterDays"]
    assert values(found, fixed) == values(wanted, fixed)
    refused = rest.post(STREAM, json={"deleteRecordingAfterDays": 1})
    assert refused.status_code == 400
    assert differences(wanted["errors"], refused.json()["errors"]) == {}


def test_live_input_is_shown_as_in_the_guide(rest: Rest) -> None:
    """Before its first broadcast; sent as curl sends it, which calls JSON a form; then changed and deleted."""
    told, change = sample("stream-live-input-started"), sample("stream-live-input-changed")
    as_form = {"Content-Type": "application/x-www-form-urlencoded"}
    made = rest.post(STREAM, content=json.dumps(told["request"]), headers=as_form).json()["result"]

    assert differences(told["answer"], made) == words(STARTED)
    fixed = ["status", "recording.mode", "recording.requireSignedURLs", "recording.allowedOrigins"]
    assert values(made, fixed) == values(told["answer"], fixed)
    one = f"{STREAM}/{made['uid']}"
    changed = rest.put(one, content=json.dumps(change["request"]), headers=as_form)
    assert (changed.status_code, changed.json()["result"]["recording"]) == (200, made["recording"])
    assert rest.delete(one).status_code == 200
    assert rest.get(one).status_code == 404


def test_livestream_of_realtimekit_is_shown_as_in_the_reference(rest: Rest) -> None:
    """With the name that the sample's answer has and its request has not; without one it is null."""
    told = sample("realtimekit-livestream-created")
    wanted = told["answer"]
    found = rest.post(KIT, json={"name": wanted["data"]["name"]}).json()

    assert differences(wanted, found) == words(KIT_CREATED)
    fixed = ["success", "data.status", "data.disabled", "data.meeting_id", "data.name"]
    assert values(found, fixed) == values(wanted, fixed)
    assert rest.post(KIT, json=told["request"]).json()["data"]["name"] is None


@pytest.mark.parametrize("allowed", [CREATED, STARTED, KIT_CREATED], ids=["created", "started", "kit"])
def test_difference_is_written_down(allowed: Differences) -> None:
    """Whoever comes from elsewhere is told."""
    assert [why for _, why in allowed.values() if why not in BOOK] == []


def test_every_sample_says_what_it_documents() -> None:
    """And all of them are used."""
    found = {path.stem: json.loads(path.read_text()) for path in SAMPLES.glob("*.json")}

    assert {name for name in found if f'sample("{name}")' in Path(__file__).read_text()} == found.keys()
    assert all(each["documents"] and each["note"] for each in found.values())
