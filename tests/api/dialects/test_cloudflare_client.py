"""Stream's dialect by Cloudflare's own Python client, of which only the base URL is changed.

Its models do not validate what they are given, so answers are also validated as the raw JSON they came as.
"""

from collections.abc import Iterator
from typing import Any

import cloudflare
import pytest
from cloudflare import Cloudflare
from cloudflare.types import stream as types
from cloudflare.types.stream.live_inputs import Output

from services.common.ids import new_id
from tests.api.dialects.cloudflare_stage import ACCOUNT, APP, recorded, strict
from tests.api.running import ApiServer, Others, Rest


@pytest.fixture(scope="module")
def client(api: ApiServer) -> Iterator[Cloudflare]:
    base = f"{api.url}/cloudflare/client/v4"
    with Cloudflare(base_url=base, api_token=api.token, max_retries=0, timeout=20) as found:
        yield found


@pytest.fixture
def rest(api: ApiServer) -> Iterator[Rest]:
    with api.client() as found:
        yield found


def live_input(client: Cloudflare, **fields: Any) -> dict[str, Any]:
    answer = client.stream.live_inputs.with_raw_response.create(account_id=ACCOUNT, **fields)
    return dict(strict(answer, types.LiveInput, "result"))


def test_live_input_is_made_as_in_the_vendors_sample(client: Cloudflare, rest: Rest) -> None:
    """Every key of the sample; and by value what the native API shows."""
    made = live_input(
        client,
        meta={"name": "test stream 1", "nested": {"a": [1, None]}},
        delete_recording_after_days=45,
        enabled=True,
        recording={"hideLiveViewerCount": False, "mode": "off", "requireSignedURLs": False, "timeoutSeconds": 0},
    )
    assert set(made) >= {
        *("created", "deleteRecordingAfterDays", "enabled", "meta", "modified", "recording", "rtmps", "rtmpsPlayback"),
        *("srt", "srtPlayback", "status", "uid", "webRTC", "webRTCPlayback"),
    }
    assert made["meta"] == {"name": "test stream 1", "nested": {"a": [1, None]}}
    assert made["recording"] == {
        "mode": "off",
        "timeoutSeconds": 0,
        "requireSignedURLs": False,
        "allowedOrigins": [],
        "hideLiveViewerCount": False,
    }
    assert (made["status"], made["deleteRecordingAfterDays"]) == (None, 45)
    native = rest.get(f"/v1/livestreams/{made['uid']}").json()
    assert (native["name"], native["reconnectWindow"], native["outputs"]) == ("test stream 1", "120s", [])
    primary = next(way for way in native["inputs"] if (way["protocol"], way["instance"]) == ("rtmp", "primary"))
    assert made["rtmps"] == {"url": primary["url"] + "/", "streamKey": primary["streamKey"]}


def test_live_input_is_changed_in_part(client: Cloudflare) -> None:
    """What is left out stays; null takes the retention away."""
    made = live_input(client, meta={"name": "a", "k": "v"}, delete_recording_after_days=30)
    inputs = client.stream.live_inputs.with_raw_response
    recording: Any = {"mode": "automatic", "timeoutSeconds": 10}
    answer = inputs.update(made["uid"], account_id=ACCOUNT, recording=recording)
    changed = strict(answer, types.LiveInput, "result")
    assert (changed["meta"], changed["deleteRecordingAfterDays"]) == (made["meta"], 30)
    assert (changed["recording"]["mode"], changed["recording"]["timeoutSeconds"]) == ("automatic", 10)
    body = {"deleteRecordingAfterDays": None}
    cleared = client.put(f"/accounts/{ACCOUNT}/stream/live_inputs/{made['uid']}", body=body, cast_to=object)
    assert isinstance(cleared, dict)
    assert cleared["result"]["deleteRecordingAfterDays"] is None
    found = strict(inputs.get(made["uid"], account_id=ACCOUNT), types.LiveInput, "result")
    assert found["recording"] == changed["recording"]


def test_bad_retention_has_the_vendors_code(client: Cloudflare) -> None:
    """10060, and the field is pointed to."""
    with pytest.raises(cloudflare.BadRequestError) as refused:
        live_input(client, delete_recording_after_days=29)
    assert refused.value.errors[0].code == 10060


def test_live_inputs_are_listed_without_credentials(client: Cloudflare) -> None:
    """With counts."""
    made = live_input(client, meta={"name": "listed"})
    answer = client.stream.live_inputs.with_raw_response.list(account_id=ACCOUNT)
    found = strict(answer, types.LiveInputListResponse, "result")
    shown = next(each for each in found["liveInputs"] if each["uid"] == made["uid"])
    assert set(shown) == {"uid", "meta", "enabled", "created", "modified", "deleteRecordingAfterDays"}
    assert found["total"] == found["range"] == len(found["liveInputs"])


def test_keys_are_rotated(client: Cloudflare) -> None:
    """The id stays, and when is said from then on."""
    made = live_input(client)
    assert "keysRotatedAt" not in made
    path = f"/accounts/{ACCOUNT}/stream/live_inputs/{made['uid']}/rotate_keys"
    answer = client.post(path, cast_to=object)
    assert isinstance(answer, dict)
    rotated = answer["result"]
    assert (rotated["uid"], rotated["rtmps"]["streamKey"] == made["rtmps"]["streamKey"]) == (made["uid"], False)
    assert rotated["keysRotatedAt"]


def test_outputs_are_switched_and_deleted(client: Cloudflare) -> None:
    """Only simulcasts are outputs here."""
    made = live_input(client, recording={"mode": "automatic"})
    outputs = client.stream.live_inputs.outputs
    answer = outputs.with_raw_response.create(
        made["uid"], account_id=ACCOUNT, url="rtmp://a.example.com/live2", stream_key="k"
    )
    output = strict(answer, Output, "result")
    assert output == {"uid": output["uid"], "url": "rtmp://a.example.com/live2", "streamKey": "k", "enabled": True}
    changed = outputs.update(output["uid"], account_id=ACCOUNT, live_input_identifier=made["uid"], enabled=False)
    assert changed is not None
    assert changed.enabled is False
    assert [each.uid for each in outputs.list(made["uid"], account_id=ACCOUNT)] == [output["uid"]]
    outputs.delete(output["uid"], account_id=ACCOUNT, live_input_identifier=made["uid"])
    assert list(outputs.list(made["uid"], account_id=ACCOUNT)) == []


def test_deleted_live_input_is_gone(client: Cloudflare) -> None:
    """404 with the vendor's code, which its client raises as such."""
    made = live_input(client)
    client.stream.live_inputs.delete(made["uid"], account_id=ACCOUNT)
    with pytest.raises(cloudflare.NotFoundError) as missing:
        client.stream.live_inputs.get(made["uid"], account_id=ACCOUNT)
    assert missing.value.errors[0].code == 10003


def test_videos_of_nobody(client: Cloudflare) -> None:
    """Lists are empty, one that never was is not found, and the sums are nothing."""
    made = live_input(client)
    assert list(client.stream.list(account_id=ACCOUNT, live_input_id=made["uid"], include_counts=True)) == []
    usage = client.stream.videos.with_raw_response.storage_usage(account_id=ACCOUNT)
    assert strict(usage, types.VideoStorageUsageResponse, "result")["videoCount"] == 0
    with pytest.raises(cloudflare.NotFoundError):
        client.stream.get("ab" * 16, account_id=ACCOUNT)
    path = f"/accounts/{ACCOUNT}/stream/live_inputs/{made['uid']}/videos"
    answer = client.get(path, cast_to=object)
    assert isinstance(answer, dict)
    assert answer["result"] == []


def test_signing_keys_and_tokens(client: Cloudflare) -> None:
    """A key is shown once; tokens are made with it or with the tenant's own; revoking says so."""
    made = live_input(client)
    answer = client.stream.keys.with_raw_response.create(account_id=ACCOUNT)
    key = strict(answer, types.Keys, "result")
    assert key["pem"]
    assert key["jwk"]
    listed = {each.id for each in client.stream.keys.get(account_id=ACCOUNT)}
    assert key["id"] in listed
    for extra in ({}, {"id": key["id"], "pem": key["pem"]}):
        token = client.stream.token.create(made["uid"], account_id=ACCOUNT, **extra)
        assert token is not None
        assert str(token.token).count(".") == 2
    assert client.stream.keys.delete(key["id"], account_id=ACCOUNT) == "Revoked"
    with pytest.raises(cloudflare.NotFoundError):
        client.stream.token.create(made["uid"], account_id=ACCOUNT, id=key["id"], pem=key["pem"])


def test_webhook_is_one_an_account(client: Cloudflare) -> None:
    """Set twice it is the same one."""
    webhooks = client.stream.webhooks
    first = webhooks.update(account_id=ACCOUNT, body_notification_url_1="https://hooks.example.com/a")
    second = webhooks.update(account_id=ACCOUNT, body_notification_url_2="https://hooks.example.com/b")
    assert first is not None
    assert second is not None
    assert (first.secret, second.notification_url) == (second.secret, "https://hooks.example.com/b")
    strict(webhooks.with_raw_response.get(account_id=ACCOUNT), types.WebhookGetResponse, "result")
    webhooks.delete(account_id=ACCOUNT)
    with pytest.raises(cloudflare.NotFoundError):
        webhooks.get(account_id=ACCOUNT)


def test_calls_that_the_client_lacks_go_by_their_paths(client: Cloudflare, rest: Rest) -> None:
    """RealtimeKit's creation, new keys and switch; what they did is seen natively."""
    path = f"/accounts/{ACCOUNT}/realtime/kit/{APP}/livestreams"
    made: Any = client.post(path, body={"name": "kit"}, cast_to=object)
    livestream = made["data"]["id"]

    def native() -> dict[str, Any]:
        return rest.call("GET", f"/v1/livestreams/{livestream.replace('-', '')}")

    assert (made["data"]["disabled"], native()["name"]) == (False, "kit")
    reset: Any = client.post(f"{path}/{livestream}/reset-stream-key", cast_to=object)
    assert reset["data"]["stream_key"] != made["data"]["stream_key"]
    assert reset["data"]["stream_key"] in [way.get("streamKey") for way in native()["inputs"]]
    client.put(f"{path}/{livestream}/disable", cast_to=object)
    assert native()["state"] == "DISABLED"
    client.put(f"{path}/{livestream}/enable", cast_to=object)
    assert native()["enabled"] is True


def test_low_latency_is_off_where_it_is_not_asked_for(client: Cloudflare, rest: Rest) -> None:
    """As the vendor has it; elsewhere it is on."""
    made, asked = live_input(client), live_input(client, extra_body={"preferLowLatency": True})

    assert (made["preferLowLatency"], asked["preferLowLatency"]) == (False, True)
    assert rest.call("GET", f"/v1/livestreams/{made['uid']}")["lowLatency"] is False


def test_clip_with_a_watermark_comes_later(client: Cloudflare) -> None:
    """501, and no clip without one."""
    with pytest.raises(cloudflare.APIStatusError) as refused:
        client.stream.clip.create(
            account_id=ACCOUNT,
            clipped_from_video_uid=new_id(),
            start_time_seconds=0,
            end_time_seconds=10,
            watermark={"uid": new_id()},
        )
    assert refused.value.status_code == 501


def test_video_in_the_bin_is_gone(client: Cloudflare, rest: Rest, others: Others) -> None:
    """They have no bin, so what the native API can restore is not there meanwhile."""
    media = recorded(rest, others, live_input(client)["uid"])
    rest.call("DELETE", f"/v1/media/{media}")
    with pytest.raises(cloudflare.NotFoundError):
        client.stream.get(media, account_id=ACCOUNT)
