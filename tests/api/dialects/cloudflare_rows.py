"""What each method of the client's `stream` shows: by value what the native API has, by type what the client's has."""

from collections.abc import Callable

from cloudflare import NotFoundError
from cloudflare.types import stream as types
from cloudflare.types.stream.live_inputs import Output
from google.protobuf.json_format import ParseDict

from headwater.v1.media_pb2 import Media
from tests.api.dialects.cloudflare_stage import ACCOUNT, HOOK, Row, Stage, strict
from tests.api.running import until

ROWS: dict[str, Row] = {}
WEBVTT = "WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n"


def shows(name: str) -> Callable[[Row], Row]:
    def keep(row: Row) -> Row:
        ROWS[name] = row
        return row

    return keep


# -- live inputs ----------------------------------------------------------------------------------


@shows("stream.live_inputs.create")
def _create(stage: Stage) -> None:
    answer = stage.client.stream.live_inputs.with_raw_response.create(account_id=ACCOUNT, meta={"name": "new"})
    made = strict(answer, types.LiveInput, "result")
    native = stage.native(f"livestreams/{made['uid']}")
    primary = next(way for way in native["inputs"] if (way["protocol"], way["instance"]) == ("rtmp", "primary"))
    assert (made["meta"], made["created"]) == ({"name": native["name"]}, native["createTime"])
    assert made["rtmps"] == {"url": primary["url"] + "/", "streamKey": primary["streamKey"]}
    srt = next(way for way in native["inputs"] if (way["protocol"], way["instance"]) == ("srt", "primary"))
    assert made["srt"] == {"url": srt["url"], "streamId": srt["streamId"], "passphrase": srt["passphrase"]}


@shows("stream.live_inputs.get")
def _get(stage: Stage) -> None:
    answer = stage.client.stream.live_inputs.with_raw_response.get(stage.live_input, account_id=ACCOUNT)
    found = strict(answer, types.LiveInput, "result")
    native = stage.native(f"livestreams/{stage.live_input}")
    assert (found["uid"], found["enabled"], found["modified"]) == (native["id"], True, native["updateTime"])
    assert found["recording"]["mode"] == native["recording"]["mode"].lower()


@shows("stream.live_inputs.list")
def _list(stage: Stage) -> None:
    answer = stage.client.stream.live_inputs.with_raw_response.list(account_id=ACCOUNT, include_counts=True)
    found = strict(answer, types.LiveInputListResponse, "result")
    native = stage.native("livestreams?pageSize=1000")
    assert [each["uid"] for each in found["liveInputs"]] == [each["id"] for each in native["livestreams"]]
    assert found["total"] == native["totalCount"]


@shows("stream.live_inputs.update")
def _update(stage: Stage) -> None:
    inputs = stage.client.stream.live_inputs
    made = inputs.create(account_id=ACCOUNT).uid
    answer = inputs.with_raw_response.update(made, account_id=ACCOUNT, enabled=False, default_creator="bob")
    assert strict(answer, types.LiveInput, "result")["enabled"] is False
    native = stage.native(f"livestreams/{made}")
    assert (native["enabled"], native["state"], native["creator"]) == (False, "DISABLED", "bob")


@shows("stream.live_inputs.delete")
def _delete(stage: Stage) -> None:
    inputs = stage.client.stream.live_inputs
    made = inputs.create(account_id=ACCOUNT).uid
    assert inputs.delete(made, account_id=ACCOUNT) is None
    assert stage.rest.get(f"/v1/livestreams/{made}").status_code == 404


def _output(stage: Stage) -> tuple[str, str]:
    made = stage.client.stream.live_inputs.create(account_id=ACCOUNT).uid
    outputs = stage.client.stream.live_inputs.outputs
    return made, outputs.create(made, account_id=ACCOUNT, url="rtmp://a.example.com/live2", stream_key="k").uid


@shows("stream.live_inputs.outputs.create")
def _create_output(stage: Stage) -> None:
    made, output = _output(stage)
    native = stage.native(f"livestreams/{made}/outputs/{output}")
    assert (native["url"], native["streamKey"], native["type"]) == ("rtmp://a.example.com/live2", "k", "SIMULCAST")


@shows("stream.live_inputs.outputs.list")
def _list_outputs(stage: Stage) -> None:
    made, output = _output(stage)
    answer = stage.client.stream.live_inputs.outputs.with_raw_response.list(made, account_id=ACCOUNT)
    assert [each["uid"] for each in strict(answer, list[Output], "result")] == [output]


@shows("stream.live_inputs.outputs.update")
def _update_output(stage: Stage) -> None:
    made, output = _output(stage)
    answer = stage.client.stream.live_inputs.outputs.with_raw_response.update(
        output, account_id=ACCOUNT, live_input_identifier=made, enabled=False
    )
    assert strict(answer, Output, "result")["enabled"] is False
    assert stage.native(f"livestreams/{made}/outputs/{output}")["enabled"] is False


@shows("stream.live_inputs.outputs.delete")
def _delete_output(stage: Stage) -> None:
    made, output = _output(stage)
    stage.client.stream.live_inputs.outputs.delete(output, account_id=ACCOUNT, live_input_identifier=made)
    assert stage.native(f"livestreams/{made}/outputs").get("outputs", []) == []


# -- videos ---------------------------------------------------------------------------------------


@shows("stream.get")
def _get_video(stage: Stage) -> None:
    found = strict(stage.client.stream.with_raw_response.get(stage.media, account_id=ACCOUNT), types.Video, "result")
    native = stage.native(f"media/{stage.media}")
    assert (found["liveInput"], found["uid"], found["status"]["state"]) == (stage.live_input, native["id"], "ready")
    assert found["duration"] == ParseDict(native, Media(), ignore_unknown_fields=True).duration.seconds == 80
    played = native["playouts"][0]["url"].replace("/index.m3u8", "/manifest/video.m3u8")
    assert (found["playback"]["hls"], found["size"]) == (played, int(native["sizeBytes"]))
    assert found["input"] == {"width": native["width"], "height": native["height"]}


@shows("stream.list")
def _list_videos(stage: Stage) -> None:
    answer = stage.client.stream.with_raw_response.list(account_id=ACCOUNT, live_input_id=stage.live_input)
    found = strict(answer, list[types.Video], "result")
    native = stage.native(f"media?livestreamId={stage.live_input}&orderBy=create_time%20desc")["media"]
    assert {each["uid"] for each in found} == {each["id"] for each in native}
    assert [each.uid for each in stage.client.stream.list(account_id=ACCOUNT, id=stage.media)] == [stage.media]


@shows("stream.edit")
def _edit_video(stage: Stage) -> None:
    media = stage.recording()
    answer = stage.client.stream.with_raw_response.edit(
        media, account_id=ACCOUNT, creator="eve", meta={"name": "cut"}, require_signed_urls=True
    )
    found = strict(answer, types.Video, "result")
    native = stage.native(f"media/{media}")
    assert (found["creator"], found["meta"], found["requireSignedURLs"]) == ("eve", {"name": "cut"}, True)
    assert (native["creator"], native["name"], native["requireSignedUrls"]) == ("eve", "cut", True)


@shows("stream.delete")
def _delete_video(stage: Stage) -> None:
    media = stage.recording()
    stage.client.stream.delete(media, account_id=ACCOUNT)
    assert stage.rest.get(f"/v1/media/{media}").status_code == 404


@shows("stream.clip.create")
def _clip(stage: Stage) -> None:
    answer = stage.client.stream.clip.with_raw_response.create(
        account_id=ACCOUNT,
        clipped_from_video_uid=stage.media,
        start_time_seconds=0,
        end_time_seconds=10,
        thumbnail_timestamp_pct=0.5,
        meta={"name": "cut", "of": {"a": 1}},
    )
    found = strict(answer, types.Video, "result")
    assert (found["clippedFrom"], found["thumbnailTimestampPct"]) == (stage.media, 0.5)
    assert found["meta"] == {"name": "cut", "of": {"a": 1}}
    assert stage.native(f"media/{found['uid']}")["clippedFrom"] == stage.media


@shows("stream.embed.get")
def _embed(stage: Stage) -> None:
    html = stage.client.stream.embed.with_raw_response.get(stage.media, account_id=ACCOUNT)
    url = stage.native(f"media/{stage.media}")["playouts"][0]["url"]
    assert html.headers["content-type"].startswith("text/html")
    assert url.replace("/index.m3u8", "/iframe") in html.text()


@shows("stream.videos.storage_usage")
def _storage(stage: Stage) -> None:
    answer = stage.client.stream.videos.with_raw_response.storage_usage(account_id=ACCOUNT)
    found = strict(answer, types.VideoStorageUsageResponse, "result")
    assert found["videoCount"] == stage.native("media?pageSize=1")["totalCount"]


@shows("stream.downloads.create")
def _order(stage: Stage) -> None:
    answer = stage.client.stream.downloads.with_raw_response.create(stage.recording(), account_id=ACCOUNT)
    assert strict(answer, types.DownloadCreateResponse, "result")["default"]["status"] == "inprogress"


@shows("stream.downloads.get")
def _files(stage: Stage) -> None:
    media = stage.recording()
    downloads = stage.client.stream.downloads
    downloads.create(media, account_id=ACCOUNT)
    until(lambda: stage.native(f"media/{media}/downloads").get("downloads"))
    found = strict(downloads.with_raw_response.get(media, account_id=ACCOUNT), types.DownloadGetResponse, "result")
    assert set(found) == {"default"}


@shows("stream.downloads.delete")
def _delete_files(stage: Stage) -> None:
    media = stage.recording()
    downloads = stage.client.stream.downloads
    downloads.create(media, account_id=ACCOUNT)
    until(lambda: stage.native(f"media/{media}/downloads").get("downloads"))
    downloads.delete(media, account_id=ACCOUNT)
    until(lambda: stage.native(f"media/{media}/downloads").get("downloads", []), lambda left: not left)


# -- captions -------------------------------------------------------------------------------------


def _captions(stage: Stage) -> str:
    media = stage.recording()
    stage.client.stream.captions.language.update("en", account_id=ACCOUNT, identifier=media, file=WEBVTT)
    return media


@shows("stream.captions.language.update")
def _put_captions(stage: Stage) -> None:
    media = _captions(stage)
    assert [each["language"] for each in stage.native(f"media/{media}/captions")["captions"]] == ["en"]


@shows("stream.captions.get")
def _list_captions(stage: Stage) -> None:
    answer = stage.client.stream.captions.with_raw_response.get(_captions(stage), account_id=ACCOUNT)
    assert [each["language"] for each in strict(answer, list[types.Caption], "result")] == ["en"]


@shows("stream.captions.language.get")
def _get_captions(stage: Stage) -> None:
    language = stage.client.stream.captions.language
    answer = language.with_raw_response.get("en", account_id=ACCOUNT, identifier=_captions(stage))
    found = strict(answer, types.Caption, "result")
    assert (found["language"], found["generated"], found["status"]) == ("en", False, "ready")


@shows("stream.captions.language.vtt.get")
def _get_vtt(stage: Stage) -> None:
    vtt = stage.client.stream.captions.language.vtt
    assert vtt.get("en", account_id=ACCOUNT, identifier=_captions(stage)).strip() == WEBVTT.strip()


@shows("stream.captions.language.delete")
def _delete_captions(stage: Stage) -> None:
    media = _captions(stage)
    stage.client.stream.captions.language.delete("en", account_id=ACCOUNT, identifier=media)
    assert stage.native(f"media/{media}/captions").get("captions", []) == []


# -- keys, tokens, webhook ------------------------------------------------------------------------


def _native_keys(stage: Stage) -> set[str]:
    return {each["id"] for each in stage.native("signingKeys").get("signingKeys", [])}


@shows("stream.keys.create")
def _create_key(stage: Stage) -> None:
    made = strict(stage.client.stream.keys.with_raw_response.create(account_id=ACCOUNT), types.Keys, "result")
    assert made["pem"]
    assert made["id"] in _native_keys(stage)


@shows("stream.keys.get")
def _list_keys(stage: Stage) -> None:
    made = stage.client.stream.keys.create(account_id=ACCOUNT).id
    answer = stage.client.stream.keys.with_raw_response.get(account_id=ACCOUNT)
    found = {each["id"] for each in strict(answer, list[types.KeyGetResponse], "result")}
    assert made in found
    assert found == _native_keys(stage)


@shows("stream.keys.delete")
def _delete_key(stage: Stage) -> None:
    made = stage.client.stream.keys.create(account_id=ACCOUNT).id
    assert stage.client.stream.keys.delete(made, account_id=ACCOUNT) == "Revoked"
    assert made not in _native_keys(stage)


@shows("stream.token.create")
def _token(stage: Stage) -> None:
    answer = stage.client.stream.token.with_raw_response.create(stage.media, account_id=ACCOUNT, downloadable=True)
    assert strict(answer, types.TokenCreateResponse, "result")["token"].count(".") == 2


def _hooks(stage: Stage) -> list[str]:
    found = stage.native("webhooks").get("webhooks", [])
    return [each["url"] for each in found if each["format"] == "STREAM"]


@shows("stream.webhooks.update")
def _put_hook(stage: Stage) -> None:
    answer = stage.client.stream.webhooks.with_raw_response.update(account_id=ACCOUNT, body_notification_url_1=HOOK)
    found = strict(answer, types.WebhookUpdateResponse, "result")
    assert (found["notificationUrl"], bool(found["secret"])) == (HOOK, True)
    assert _hooks(stage) == [HOOK]


@shows("stream.webhooks.get")
def _get_hook(stage: Stage) -> None:
    stage.client.stream.webhooks.update(account_id=ACCOUNT, body_notification_url_1=HOOK)
    answer = stage.client.stream.webhooks.with_raw_response.get(account_id=ACCOUNT)
    assert [strict(answer, types.WebhookGetResponse, "result")["notificationUrl"]] == _hooks(stage)


@shows("stream.webhooks.delete")
def _delete_hook(stage: Stage) -> None:
    stage.client.stream.webhooks.update(account_id=ACCOUNT, body_notification_url_1=HOOK)
    stage.client.stream.webhooks.delete(account_id=ACCOUNT)
    assert _hooks(stage) == []
    try:
        stage.client.stream.webhooks.get(account_id=ACCOUNT)
    except NotFoundError:
        return
    raise AssertionError("it is still there")
