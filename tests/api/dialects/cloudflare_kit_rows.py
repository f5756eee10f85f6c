"""What each method of the client's `realtime_kit` shows, by value and by type."""

import uuid
from typing import Any

from cloudflare.types import realtime_kit as kit
from cloudflare.types.realtime_kit.livestream_get_all_livestreams_response import Data as Listed

from tests.api.dialects.cloudflare_rows import shows
from tests.api.dialects.cloudflare_stage import ACCOUNT, APP, HOOK, Stage, strict

EVENT = "livestreaming.statusUpdate"


# -- livestreams ----------------------------------------------------------------------------------


@shows("realtime_kit.livestreams.get_all_livestreams")
def _list(stage: Stage) -> None:
    """Their type has one livestream where their samples have all: each is held against it."""
    answer = stage.client.realtime_kit.livestreams.with_raw_response.get_all_livestreams(
        APP, account_id=ACCOUNT, per_page=2, page_no=1, sort_order="ASC"
    )
    found = strict(answer, list[Listed], "data")
    native = stage.native("livestreams?pageSize=2&orderBy=create_time%20asc&appId=default")
    assert [uuid.UUID(each["id"]).hex for each in found] == [each["id"] for each in native["livestreams"]]


@shows("realtime_kit.livestreams.get_livestream_session_for_livestream_id")
def _get(stage: Stage) -> None:
    streams = stage.client.realtime_kit.livestreams.with_raw_response
    answer = streams.get_livestream_session_for_livestream_id(stage.live_input, account_id=ACCOUNT, app_id=APP)
    found = strict(answer, kit.LivestreamGetLivestreamSessionForLivestreamIDResponse)["data"]
    native = stage.native(f"sessions?livestreamId={stage.live_input}")
    assert uuid.UUID(found["livestream"]["id"]).hex == stage.live_input
    assert found["paging"]["total_count"] == native["totalCount"]
    assert found["session"] == found["sessions"][0]
    seconds = {uuid.UUID(each["id"]).hex: each["ingest_seconds"] for each in found["sessions"]}
    assert seconds[stage.media] == 49.0


@shows("realtime_kit.livestreams.get_active_livestreams_for_livestream_id")
def _get_active(stage: Stage) -> None:
    streams = stage.client.realtime_kit.livestreams.with_raw_response
    answer = streams.get_active_livestreams_for_livestream_id(stage.live_input, account_id=ACCOUNT, app_id=APP)
    found = strict(answer, kit.LivestreamGetActiveLivestreamsForLivestreamIDResponse)["data"]
    assert (found["livestream"]["name"], found["session"]) == ("walked", None)


@shows("realtime_kit.livestreams.get_livestream_session_details_for_session_id")
def _session(stage: Stage) -> None:
    streams = stage.client.realtime_kit.livestreams.with_raw_response
    answer = streams.get_livestream_session_details_for_session_id(stage.media, account_id=ACCOUNT, app_id=APP)
    found = strict(answer, kit.LivestreamGetLivestreamSessionDetailsForSessionIDResponse)["data"]
    native = stage.native(f"sessions/{stage.media}")
    assert (found["ingest_seconds"], found["started_time"]) == (native["ingestSeconds"], native["startTime"])


@shows("realtime_kit.livestreams.get_livestream_analytics_complete")
def _sums(stage: Stage) -> None:
    streams = stage.client.realtime_kit.livestreams.with_raw_response
    answer = streams.get_livestream_analytics_complete(APP, account_id=ACCOUNT, start_time=0)
    found = strict(answer, kit.LivestreamGetLivestreamAnalyticsCompleteResponse)["data"]
    native = stage.native("usage?after=1970-01-01T00:00:00Z&appId=default")
    assert found["count"] == native["sessionCount"] > 0
    assert found["total_ingest_seconds"] == round(native["ingestSeconds"]) > 0


@shows("realtime_kit.livestreams.get_livestream_analytics_daywise")
def _days(stage: Stage) -> None:
    streams = stage.client.realtime_kit.livestreams.with_raw_response
    answer = streams.get_livestream_analytics_daywise(APP, account_id=ACCOUNT, start_time=0)
    found = strict(answer, kit.LivestreamGetLivestreamAnalyticsDaywiseResponse)["data"]
    assert [each["date"] for each in found] == ["2023-11-14"]


# -- webhooks -------------------------------------------------------------------------------------


def _hook(stage: Stage) -> dict[str, Any]:
    answer = stage.client.realtime_kit.webhooks.with_raw_response.create_webhook(
        APP, account_id=ACCOUNT, events=[EVENT], name="n", url=HOOK
    )
    return dict(strict(answer, kit.WebhookCreateWebhookResponse)["data"])


def _native(stage: Stage, hook: dict[str, Any]) -> dict[str, Any]:
    return stage.native(f"webhooks/{uuid.UUID(hook['id']).hex}")


@shows("realtime_kit.webhooks.create_webhook")
def _create_hook(stage: Stage) -> None:
    made = _hook(stage)
    native = _native(stage, made)
    assert (made["name"], made["url"], made["events"], made["enabled"]) == ("n", HOOK, [EVENT], True)
    assert (native["name"], native["url"], native["format"]) == ("n", HOOK, "REALTIMEKIT")


@shows("realtime_kit.webhooks.get_webhook_by_id")
def _get_hook(stage: Stage) -> None:
    made = _hook(stage)
    answer = stage.client.realtime_kit.webhooks.with_raw_response.get_webhook_by_id(
        made["id"], account_id=ACCOUNT, app_id=APP
    )
    assert strict(answer, kit.WebhookGetWebhookByIDResponse)["data"] == made


@shows("realtime_kit.webhooks.get_webhooks")
def _list_hooks(stage: Stage) -> None:
    made = _hook(stage)
    answer = stage.client.realtime_kit.webhooks.with_raw_response.get_webhooks(APP, account_id=ACCOUNT)
    assert made in strict(answer, kit.WebhookGetWebhooksResponse)["data"]


@shows("realtime_kit.webhooks.edit_webhook")
def _edit_hook(stage: Stage) -> None:
    made = _hook(stage)
    answer = stage.client.realtime_kit.webhooks.with_raw_response.edit_webhook(
        made["id"], account_id=ACCOUNT, app_id=APP, enabled=False
    )
    changed = strict(answer, kit.WebhookEditWebhookResponse)["data"]
    assert (changed["name"], changed["enabled"], _native(stage, made)["enabled"]) == ("n", False, False)


@shows("realtime_kit.webhooks.replace_webhook")
def _replace_hook(stage: Stage) -> None:
    made = _hook(stage)
    answer = stage.client.realtime_kit.webhooks.with_raw_response.replace_webhook(
        made["id"], account_id=ACCOUNT, app_id=APP, name="m", url=HOOK, events=["meeting.started"]
    )
    changed = strict(answer, kit.WebhookReplaceWebhookResponse)["data"]
    assert (changed["name"], changed["events"], _native(stage, made)["name"]) == ("m", ["meeting.started"], "m")


@shows("realtime_kit.webhooks.delete_webhook")
def _delete_hook(stage: Stage) -> None:
    made = _hook(stage)
    answer = stage.client.realtime_kit.webhooks.with_raw_response.delete_webhook(
        made["id"], account_id=ACCOUNT, app_id=APP
    )
    assert strict(answer, kit.WebhookDeleteWebhookResponse)["data"] == made
    assert stage.rest.get(f"/v1/webhooks/{uuid.UUID(made['id']).hex}").status_code == 404


# -- apps -----------------------------------------------------------------------------------------


@shows("realtime_kit.apps.post")
def _create_app(stage: Stage) -> None:
    answer = stage.client.realtime_kit.apps.with_raw_response.post(account_id=ACCOUNT, name="second")
    made = strict(answer, kit.AppPostResponse)["data"]["app"]
    assert stage.native(f"apps/{made['id']}")["name"] == made["name"] == "second"


@shows("realtime_kit.apps.get")
def _list_apps(stage: Stage) -> None:
    stage.client.realtime_kit.apps.post(account_id=ACCOUNT, name="third")
    answer = stage.client.realtime_kit.apps.with_raw_response.get(account_id=ACCOUNT, per_page=100)
    found = strict(answer, kit.AppGetResponse)["data"]
    assert {each["id"] for each in found} == {each["id"] for each in stage.native("apps?pageSize=100")["apps"]}
