"""Orders about what is on air, by the key that ingest and packager watch. The hold is 2 s here."""

import pytest

from headwater.internal.v1.onair_pb2 import OnAir, Playback
from services.common.ids import new_id
from tests.api.running import Others, Rest, until
from tests.api.test_chronicle import on_air, playback, state_of

pytestmark = pytest.mark.connected


def live(rest: Rest, others: Others) -> tuple[str, str]:
    livestream, broadcast = rest.call("POST", "/v1/livestreams", {})["id"], new_id()
    others.put("playback", broadcast, playback(livestream, broadcast, Playback.LIVE))
    others.put("onair", livestream, on_air(broadcast))
    until(lambda: state_of(rest, livestream), lambda state: state == "LIVE")
    return livestream, broadcast


def test_idle_writes_the_order_into_onair_and_shows_it_at_once(rest: Rest, others: Others) -> None:
    """Ingest disconnects and packager ends by what stands there; the key stays, so that encoders are held off."""
    livestream, broadcast = live(rest, others)

    answer = rest.call("POST", f"/v1/livestreams/{livestream}:idle", {})

    assert (answer["state"], answer["stateReason"]) == ("ENDING", "order")
    record = OnAir.FromString(others.get("onair", livestream) or b"")
    assert (record.broadcast_id, record.end_reason) == (broadcast, "order")
    assert record.hold_until_us > 0
    assert rest.post(f"/v1/livestreams/{livestream}:idle", json={}).status_code == 409


def test_hold_that_is_over_is_removed_once_the_broadcast_has_ended(rest: Rest, others: Others) -> None:
    """Before the end message the key must stay, however long: it says why the broadcast ends."""
    livestream, broadcast = live(rest, others)
    rest.call("POST", f"/v1/livestreams/{livestream}:idle", {})
    other, other_broadcast = live(rest, others)
    rest.call("POST", f"/v1/livestreams/{other}:idle", {})
    others.put("playback", other_broadcast, playback(other, other_broadcast, Playback.ENDED))

    until(lambda: others.get("onair", other) is None)

    assert others.get("onair", livestream) is not None
    others.put("playback", broadcast, playback(livestream, broadcast, Playback.ENDED))
    until(lambda: others.get("onair", livestream) is None)


def test_activate_lets_encoders_in_again_before_the_hold_is_over(rest: Rest, others: Others) -> None:
    """The key goes, and the livestream waits for media."""
    livestream, broadcast = live(rest, others)
    rest.call("POST", f"/v1/livestreams/{livestream}:idle", {})
    others.put("playback", broadcast, playback(livestream, broadcast, Playback.RECORDED))
    until(lambda: state_of(rest, livestream), lambda state: state == "IDLE")

    assert rest.call("POST", f"/v1/livestreams/{livestream}:activate", {})["state"] == "ACTIVE"

    assert others.get("onair", livestream) is None


def test_livestream_on_air_is_not_deleted(rest: Rest, others: Others) -> None:
    """First the order to end it, then the deletion."""
    livestream, _ = live(rest, others)

    response = rest.delete(f"/v1/livestreams/{livestream}")

    assert response.status_code == 409
    assert "on air" in response.json()["detail"]
    assert state_of(rest, livestream) == "LIVE"


def test_activating_what_is_on_air_changes_nothing(rest: Rest, others: Others) -> None:
    """It is what the caller wants already."""
    livestream, _ = live(rest, others)
    before = others.get("onair", livestream)

    assert rest.call("POST", f"/v1/livestreams/{livestream}:activate", {})["state"] == "LIVE"
    assert others.get("onair", livestream) == before
