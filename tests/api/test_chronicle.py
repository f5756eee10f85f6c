"""Broadcasts and recordings out of what the others write, on a real api."""

import pytest

from headwater.internal.v1.facts_pb2 import EncoderRefused, Fact
from headwater.internal.v1.onair_pb2 import OnAir, Playback
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.stories import SECOND_US, START_US, broadcast_facts

pytestmark = pytest.mark.connected


def on_air(broadcast: str) -> OnAir:
    record = OnAir(broadcast_id=broadcast, start_time_us=START_US)
    record.rules.record, record.rules.reconnect_window_ms = True, 120_000
    return record


def playback(livestream: str, broadcast: str, state: Playback.State.ValueType) -> Playback:
    record = Playback(
        livestream_id=livestream, broadcast_id=broadcast, state=state, start_time_us=START_US, is_recorded=True
    )
    if state != Playback.LIVE:
        record.end_time_us = START_US + 90 * SECOND_US
    if state == Playback.RECORDED:
        record.duration_us, record.size_bytes = 80 * SECOND_US, 5_000_000
    return record


def state_of(rest: Rest, livestream: str) -> str:
    state: str = rest.call("GET", f"/v1/livestreams/{livestream}")["state"]
    return state


def wait_for(rest: Rest, livestream: str, wanted: str) -> None:
    until(lambda: state_of(rest, livestream), lambda state: state == wanted)


def test_livestream_follows_its_broadcast(rest: Rest, others: Others) -> None:
    """From the key in `onair` on, through loss and return, to the finished recording."""
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {"name": "show"})["id"], new_id()
    facts = broadcast_facts(broadcast=broadcast, livestream=livestream)

    others.put("onair", livestream, on_air(broadcast))
    until(lambda: state_of(rest, livestream), lambda state: state == "LIVE")
    for upto, wanted in ((5, "RECONNECTING"), (8, "LIVE"), (10, "RECONNECTING"), (11, "ENDING"), (12, "IDLE")):
        others.say(*facts[:upto])  # the first ones again: they are the same facts
        wait_for(rest, livestream, wanted)

    shown = rest.call("GET", f"/v1/livestreams/{livestream}/broadcasts/{broadcast}")
    media = until(lambda: rest.call("GET", f"/v1/media/{broadcast}"), lambda found: found["state"] == "READY")
    assert (shown["state"], shown["endReason"], len(shown["history"])) == ("ENDED", "reconnect-window", len(facts))
    assert (media["state"], media["duration"], media["sizeBytes"]) == ("READY", "80s", "5000000")
    assert (media["name"], media["width"], media["broadcastId"]) == ("show", 1280, broadcast)
    assert rest.call("GET", f"/v1/media?livestreamId={livestream}")["totalCount"] == 1


def test_api_that_was_down_through_a_whole_broadcast_has_complete_records(
    rest: Rest, api: ApiServer, others: Others
) -> None:
    """Facts wait for it, by its durable consumer."""
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {})["id"], new_id()
    facts = broadcast_facts(broadcast=broadcast, livestream=livestream)

    api.kill()
    others.say(*facts)
    others.put("playback", broadcast, playback(livestream, broadcast, Playback.RECORDED))
    api.start()

    path = f"/v1/livestreams/{livestream}/broadcasts/{broadcast}"
    shown = until(lambda: rest.get(path).json(), lambda one: len(one.get("history", [])) == len(facts))
    assert (shown["state"], shown["endReason"]) == ("ENDED", "reconnect-window")
    assert rest.call("GET", f"/v1/media/{broadcast}")["state"] == "READY"


def test_records_are_complete_without_any_fact(rest: Rest, api: ApiServer, others: Others) -> None:
    """What origins are told is enough: start, end, recording."""
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {})["id"], new_id()

    api.kill()
    others.put("playback", broadcast, playback(livestream, broadcast, Playback.RECORDED))
    api.start()

    media = until(lambda: rest.get(f"/v1/media/{broadcast}").json(), lambda one: one.get("state") == "READY")
    assert (media["duration"], media["sizeBytes"]) == ("80s", "5000000")
    shown = rest.call("GET", f"/v1/livestreams/{livestream}/broadcasts")["broadcasts"]
    assert [each["state"] for each in shown] == ["ENDED"]


def test_fact_about_a_livestream_that_is_not_there_makes_no_records(rest: Rest, others: Others) -> None:
    """A late fact brings nothing back that was deleted."""
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {})["id"], new_id()
    rest.call("DELETE", f"/v1/livestreams/{livestream}")
    others.say(*broadcast_facts(broadcast=broadcast, livestream=livestream))

    known = rest.call("POST", "/v1/livestreams", {})["id"]
    later = new_id()
    others.say(*broadcast_facts(broadcast=later, livestream=known))  # facts are taken in order

    until(lambda: rest.get(f"/v1/media/{later}").status_code, lambda status: status == 200)
    assert rest.get(f"/v1/media/{broadcast}").status_code == 404


def test_late_fact_of_the_last_broadcast_leaves_the_next_alone(rest: Rest, others: Others) -> None:
    """The newest broadcast alone says where the livestream stands."""
    livestream, first, second = rest.call("POST", "/v1/livestreams", {})["id"], new_id(), new_id()
    facts = broadcast_facts(broadcast=first, livestream=livestream)
    others.say(*facts[:10])
    until(lambda: state_of(rest, livestream), lambda state: state == "RECONNECTING")
    next_one = on_air(second)
    next_one.start_time_us += 100 * SECOND_US
    others.put("onair", livestream, next_one)
    until(lambda: state_of(rest, livestream), lambda state: state == "LIVE")

    others.say(*facts[10:])

    until(lambda: rest.get(f"/v1/media/{first}").json(), lambda one: one.get("state") == "READY")
    shown = rest.call("GET", f"/v1/livestreams/{livestream}")
    assert (shown["state"], shown["broadcastId"]) == ("LIVE", second)


def test_refused_stranger_is_no_matter_for_records(rest: Rest, api: ApiServer, others: Others) -> None:
    """A fact about no livestream is passed over in silence."""
    others.say(Fact(id=new_id(), time_us=START_US, encoder_refused=EncoderRefused(reason="unknown key")))
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {})["id"], new_id()
    others.say(*broadcast_facts(broadcast=broadcast, livestream=livestream))

    until(lambda: rest.get(f"/v1/media/{broadcast}").status_code, lambda status: status == 200)
    assert "given up" not in api.log.read_text()
    assert "Traceback" not in api.log.read_text()
