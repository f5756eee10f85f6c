"""The verbs of a livestream, by the buckets that ingest and packager watch, on a real api."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from headwater.internal.v1.facts_pb2 import InputRejected, ProgramPublished, SourceChanged
from headwater.internal.v1.onair_pb2 import OnAir, Playback, StreamKey
from services.common.ids import digest, new_id
from tests.api.running import Others, Rest, served, until
from tests.api.stories import SECOND_US, START_US, fact
from tests.api.test_chronicle import on_air, playback, state_of, wait_for

pytestmark = pytest.mark.connected


@pytest.fixture
def made(rest: Rest) -> dict[str, Any]:
    """A livestream of which nothing was set."""
    return rest.call("POST", "/v1/livestreams", {})


def path_of(livestream: dict[str, Any], verb: str = "") -> str:
    return f"/v1/livestreams/{livestream['id']}{verb}"


def key_of(livestream: dict[str, Any], others: Others) -> StreamKey:
    return StreamKey.FromString(others.get("keys", digest(livestream["inputs"][0]["streamKey"])) or b"")


def begin(livestream: dict[str, Any], rest: Rest, others: Others, *, is_gated: bool = False) -> str:
    """A broadcast is on air, with a picture."""
    broadcast, now = new_id(), on_air("")
    now.broadcast_id, now.rules.is_gated = broadcast, is_gated
    now.start_time_us = time.time_ns() // 1000
    shown = playback(livestream["id"], broadcast, Playback.LIVE)
    shown.start_time_us, shown.is_gated = now.start_time_us, is_gated
    others.put("playback", broadcast, shown)
    others.put("onair", livestream["id"], now)
    wait_for(rest, livestream["id"], "RECEIVING" if is_gated else "LIVE")
    where = {"broadcast": broadcast, "livestream": livestream["id"]}
    others.say(fact(2, "primary", source_changed=SourceChanged(connection=7, reason="started"), **where))
    until(lambda: rest.call("GET", path_of(livestream))["sourceInstance"], lambda source: source == "primary")
    return broadcast


def on_air_of(livestream: dict[str, Any], others: Others) -> OnAir:
    return OnAir.FromString(others.get("onair", livestream["id"]) or b"")


def end(livestream: dict[str, Any], broadcast: str, others: Others) -> None:
    """What packager and archiver write at the end."""
    others.remove("onair", livestream["id"])
    over = Playback.FromString(others.get("playback", broadcast) or b"")
    over.state, over.end_time_us = Playback.RECORDED, time.time_ns() // 1000
    others.put("playback", broadcast, over)


def test_disabled_livestream_refuses_encoders_and_ends_its_broadcast(
    made: dict[str, Any], rest: Rest, others: Others
) -> None:
    """Keys say why; enabling opens them again."""
    begin(made, rest, others)

    answer = rest.call("POST", path_of(made, ":disable"), {})

    assert (answer["state"], answer["enabled"]) == ("DISABLED", False)
    assert on_air_of(made, others).end_reason == "disabled"
    assert (key_of(made, others).is_enabled, key_of(made, others).refusal) == (False, "the livestream is disabled")
    assert rest.post(path_of(made, ":activate"), json={}).status_code == 409
    assert rest.call("POST", path_of(made, ":enable"), {})["enabled"] is True
    assert key_of(made, others).is_enabled


def test_patched_enabled_flag_does_what_the_verb_does(made: dict[str, Any], rest: Rest, others: Others) -> None:
    """One rule, two ways to it."""
    begin(made, rest, others)

    assert rest.call("PATCH", path_of(made), {"enabled": False})["state"] == "DISABLED"

    assert on_air_of(made, others).end_reason == "disabled"
    assert not key_of(made, others).is_enabled


def test_rotated_keys_cut_the_broadcast_that_uses_the_old_ones(
    made: dict[str, Any], rest: Rest, others: Others
) -> None:
    """The id stays, all credentials are new, the old keys are unknown from then on."""
    begin(made, rest, others)

    rotated = rest.call("POST", path_of(made, ":rotateKeys"), {})

    assert rotated["keysRotateTime"]
    assert on_air_of(made, others).end_reason == "keys-rotated"
    for old, new in zip(made["inputs"] + made["playouts"], rotated["inputs"] + rotated["playouts"], strict=True):
        secrets = [(one.get("streamKey"), one.get("passphrase"), one["url"]) for one in (old, new)]
        assert old["protocol"] == "hls" or secrets[0] != secrets[1]
    for old in served(made["inputs"]):
        assert others.get("keys", digest(old["streamKey"])) is None
    assert key_of(rotated, others).is_enabled


def test_completed_broadcast_ends_and_its_encoder_may_linger(made: dict[str, Any], rest: Rest, others: Others) -> None:
    """The reason is said, the connection is kept for a minute, and a second order finds nothing on air."""
    broadcast = begin(made, rest, others)

    answer = rest.call("POST", path_of(made, ":complete"), {})

    ordered = on_air_of(made, others)
    assert (answer["state"], answer["stateReason"]) == ("ENDING", "complete")
    assert (ordered.broadcast_id, ordered.end_reason) == (broadcast, "complete")
    assert ordered.hold_until_us > ordered.linger_until_us > 0
    assert rest.post(path_of(made, ":complete"), json={}).status_code == 409


def test_gated_broadcast_is_receiving_until_it_is_published(rest: Rest, others: Others) -> None:
    """The order goes to the packager, whose word is waited for; ordered twice, the answer is the same."""
    made = rest.call("POST", "/v1/livestreams", {"publishGate": True})
    broadcast = begin(made, rest, others, is_gated=True)
    assert rest.get(f"/v1/media/{broadcast}").status_code == 404

    with ThreadPoolExecutor(1) as pool:
        ordering = pool.submit(rest.call, "POST", path_of(made, ":publish"), {})
        until(lambda: on_air_of(made, others).publish_order_us)
        published = ProgramPublished(publish_time_us=START_US + 9 * SECOND_US)
        others.say(fact(9, program_published=published, broadcast=broadcast, livestream=made["id"]))
        first = ordering.result()
    again = rest.call("POST", path_of(made, ":publish"), {})

    assert (first["state"], first["publishTime"]) == ("LIVE", "2023-11-14T22:13:29Z")
    assert again == first
    assert until(lambda: rest.get(f"/v1/media/{broadcast}").json(), lambda one: one.get("state") == "RECORDING")


def test_nothing_is_published_without_a_picture(made: dict[str, Any], rest: Rest, others: Others) -> None:
    """Neither off air nor before the first picture."""
    assert rest.post(path_of(made, ":publish"), json={}).status_code == 409
    gated = rest.call("POST", "/v1/livestreams", {"publishGate": True})
    now = on_air(new_id())
    now.rules.is_gated = True
    others.put("onair", gated["id"], now)
    wait_for(rest, gated["id"], "RECEIVING")

    refused = rest.post(path_of(gated, ":publish"), json={})

    assert (refused.status_code, refused.json()["detail"]) == (409, "no picture arrives")
    assert not on_air_of(gated, others).publish_order_us


def test_nothing_is_published_whose_last_picture_is_too_old(rest: Rest, others: Others) -> None:
    """The packager says so in the playback record; when pictures come again it is published as ever."""
    gated = rest.call("POST", "/v1/livestreams", {"publishGate": True})
    broadcast = begin(gated, rest, others, is_gated=True)
    shown = Playback.FromString(others.get("playback", broadcast) or b"")
    shown.picture_lost_us = 1
    others.put("playback", broadcast, shown)
    later = new_id()  # when this one is seen, so is that
    others.put("playback", later, playback(gated["id"], later, Playback.RECORDED))
    until(lambda: rest.get(f"/v1/media/{later}").status_code, lambda status: status == 200)

    refused = rest.post(path_of(gated, ":publish"), json={})
    assert (refused.status_code, "more than a second" in refused.text) == (409, True)
    assert not on_air_of(gated, others).publish_order_us
    shown.picture_lost_us, shown.publish_time_us = 0, START_US + 9 * SECOND_US
    others.put("playback", broadcast, shown)
    assert until(lambda: rest.post(path_of(gated, ":publish"), json={}).status_code, lambda status: status == 200)


def test_manual_start_shows_inputs_and_opens_keys_only_once_activated(rest: Rest, others: Others) -> None:
    """Whoever knows a key from an earlier time is told what is missing."""
    made = rest.call("POST", "/v1/livestreams", {"start": "MANUAL"})
    assert (made["inputs"], made["state"]) == ([], "IDLE")

    active = rest.call("POST", path_of(made, ":activate"), {})

    assert (active["state"], len(served(active["inputs"]))) == ("ACTIVE", 2)
    assert key_of(active, others).is_enabled
    broadcast = begin(active, rest, others)
    until(lambda: key_of(active, others).broadcast_id == broadcast)
    end(made, broadcast, others)
    until(lambda: key_of(active, others).refusal == "the livestream must be activated first")
    assert not key_of(active, others).is_enabled
    assert rest.call("GET", path_of(made))["inputs"] == []


def test_single_use_livestream_is_finished_after_its_broadcast(rest: Rest, others: Others) -> None:
    """It cannot be activated again, and its keys open nothing."""
    made = rest.call("POST", "/v1/livestreams", {"singleUse": True})
    broadcast = begin(made, rest, others)
    until(lambda: key_of(made, others).broadcast_id == broadcast)
    end(made, broadcast, others)

    wait_for(rest, made["id"], "FINISHED")

    assert rest.post(path_of(made, ":activate"), json={}).status_code == 409
    assert key_of(made, others).refusal == "the livestream was for one broadcast, and that is over"


def test_rejected_input_is_a_failure_until_the_next_broadcast(made: dict[str, Any], rest: Rest, others: Others) -> None:
    """Said again and again it is one attempt; it makes no recording and does not stop the next encoder."""
    bad = InputRejected(code="ERR_UNSUPPORTED_VIDEO_CODEC", is_refused=True)
    for second in (1, 2, 3):
        others.say(fact(second, "primary", input_rejected=bad, broadcast="", livestream=made["id"]))
    wait_for(rest, made["id"], "FAILED")

    shown = rest.call("GET", path_of(made))
    attempts = until(
        lambda: rest.call("GET", path_of(made, "/broadcasts"))["broadcasts"], lambda all_: len(all_[0]["history"]) == 3
    )
    assert shown["stateReason"] == "ERR_UNSUPPORTED_VIDEO_CODEC"
    assert [(one["state"], one["endReason"]) for one in attempts] == [("FAILED", "ERR_UNSUPPORTED_VIDEO_CODEC")]
    begin(made, rest, others)
    assert state_of(rest, made["id"]) == "LIVE"


def test_history_has_orders_and_broadcasts_newest_first(made: dict[str, Any], rest: Rest, others: Others) -> None:
    """Each state entered with its time and reason, page by page."""
    begin(made, rest, others)
    rest.call("PATCH", path_of(made), {"name": "renamed on air"})
    rest.call("POST", path_of(made, ":disable"), {})

    whole = rest.call("GET", path_of(made, "/history"))
    first = rest.call("GET", path_of(made, "/history?pageSize=2"))
    rest_ = rest.call("GET", path_of(made, f"/history?pageToken={first['nextPageToken']}"))

    said = {(one["state"], one["reason"]) for one in whole["entries"]}
    assert {("IDLE", "created"), ("LIVE", "started"), ("DISABLED", "disabled")} <= said
    assert ("STATE_UNSPECIFIED", "configured") in said
    assert first["entries"] + rest_["entries"] == whole["entries"]
    times = [one["time"] for one in whole["entries"]]
    assert times == sorted(times, reverse=True)


def test_livestream_on_air_is_deleted_only_where_its_broadcast_may_end(
    made: dict[str, Any], rest: Rest, others: Others
) -> None:
    """409; with endBroadcast the broadcast is ordered to end, and the livestream is gone."""
    begin(made, rest, others)

    assert rest.delete(path_of(made)).status_code == 409
    assert rest.delete(f"{path_of(made)}?endBroadcast=true").status_code == 200
    assert rest.get(path_of(made)).status_code == 404
    assert on_air_of(made, others).end_reason
