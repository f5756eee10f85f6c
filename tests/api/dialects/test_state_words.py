"""A broadcast's life in the words of all four vocabularies, out of what ingest, packager and archiver say."""

from functools import partial
from operator import eq

import pytest

from tests.api.dialects.life import STREAM, Life, Words
from tests.api.running import Others, Rest, until

pytestmark = pytest.mark.connected

CREATED: Words = ("idle", None, "INVOKED", "created")
ARMED: Words = ("active", None, "INVOKED", "started")
CONNECTED: Words = ("active", "connected", "LIVE", "live")
GAP: Words = ("active", "reconnecting", "LIVE", "live")
BACK: Words = ("active", "reconnected", "LIVE", "live")


def ended(stream: str) -> tuple[Words, Words]:
    """A broadcast that is over, and then its recording is complete."""
    return ("idle", stream, "IDLE", "converting"), ("idle", stream, "IDLE", "created")


Story = list[tuple[str, Words]]
CLEAN, CUT, ORDERED = ended("client_disconnect"), ended("failed_to_reconnect"), ended("ttl_exceeded")
BEGINNING: Story = [("", CREATED), ("connect", CONNECTED)]
DISABLED: Words = ("idle", "ttl_exceeded", "IDLE", "created")
REFUSED: Words = ("idle", "failed_to_connect", "ERRORED", "created")

STORIES: dict[str, Story] = {
    "clean": [
        *(("", CREATED), ("activate", ARMED), ("connect", CONNECTED), ("say_goodbye", GAP)),
        *(
            ("run_out", CLEAN[0]),
            ("archive", CLEAN[1]),
            ("activate", ("active", "client_disconnect", "INVOKED", "started")),
        ),
    ],
    "never fed": [("", CREATED), ("activate", ARMED), ("idle", CREATED)],
    "cut and back": [
        *(*BEGINNING, ("leave", GAP), ("come_back", BACK), ("leave", GAP), ("come_back", BACK)),
        *(("say_goodbye", GAP), ("run_out", CLEAN[0]), ("archive", CLEAN[1])),
    ],
    "cut for good": [*BEGINNING, ("leave", GAP), ("run_out", CUT[0]), ("archive", CUT[1])],
    "run-time limit": [*BEGINNING, ("reach_limit", ORDERED[0]), ("archive", ORDERED[1])],
    "order": [*BEGINNING, ("idle", ORDERED[0]), ("obey", ORDERED[0]), ("archive", ORDERED[1])],
    "complete": [*BEGINNING, ("complete", ORDERED[0]), ("obey", ORDERED[0]), ("archive", ORDERED[1])],
    "rotated key": [*BEGINNING, ("rotateKeys", ORDERED[0]), ("obey", ORDERED[0]), ("archive", ORDERED[1])],
    "disabled": [
        *(*BEGINNING, ("disable", DISABLED), ("obey", DISABLED), ("archive", DISABLED)),
        ("enable", ORDERED[1]),
    ],
    "disabled afterwards": [
        *(*BEGINNING, ("say_goodbye", GAP), ("run_out", CLEAN[0]), ("archive", CLEAN[1])),
        ("disable", ("idle", "client_disconnect", "IDLE", "created")),
    ],
    "refused": [
        ("", CREATED),
        ("be_refused", REFUSED),
        ("activate", ("active", "failed_to_connect", "INVOKED", "started")),
    ],
}
KEPT_BACK: tuple[Words, Words, Words] = (
    ("active", "connected", "LIVE", "started"),
    ("active", "reconnecting", "LIVE", "started"),
    ("active", "reconnected", "LIVE", "started"),
)
"""Connected, in a gap, and back, before it is published."""
ONCE: Story = [("", CREATED), ("activate", ARMED), ("connect_gated", KEPT_BACK[0]), ("publish", CONNECTED)]
"""How Streamdiver's own livestreams begin: kept back until they are published."""


def used_up(story: Story, stream: str) -> Story:
    """The rest of a story, at whose end a livestream that is used once is finished."""
    return [*story, ("archive", ("idle", stream, "IDLE", "finished"))]


ENDS: dict[str, Story] = {
    "clean": used_up([("say_goodbye", GAP), ("run_out", CLEAN[0])], "client_disconnect"),
    "cut and back": used_up(
        [("leave", GAP), ("come_back", BACK), ("say_goodbye", GAP), ("run_out", CLEAN[0])], "client_disconnect"
    ),
    "cut for good": used_up([("leave", GAP), ("run_out", CUT[0])], "failed_to_reconnect"),
    "run-time limit": used_up([("reach_limit", ORDERED[0])], "ttl_exceeded"),
    "order": used_up([("idle", ORDERED[0]), ("obey", ORDERED[0])], "ttl_exceeded"),
    "rotated key": used_up([("rotateKeys", ORDERED[0]), ("obey", ORDERED[0])], "ttl_exceeded"),
    "disabled": [
        *(("disable", DISABLED), ("obey", DISABLED), ("archive", DISABLED)),
        ("enable", ("idle", "ttl_exceeded", "IDLE", "finished")),
    ],
}


def tell(life: Life, story: Story) -> None:
    for step, words in story:
        life.do(step)
        until(life.words, partial(eq, words))


@pytest.mark.parametrize("name", STORIES)
def test_broadcast_has_its_words_at_each_step(name: str, rest: Rest, others: Others) -> None:
    """Whatever happens to it, all four agree on it, each in its own word."""
    livestream = rest.call("POST", "/v1/livestreams", {"name": name})["id"]

    tell(Life(rest, others, livestream), STORIES[name])


@pytest.mark.parametrize("name", ENDS)
def test_livestream_made_for_one_broadcast_has_its_words_at_each_step(name: str, rest: Rest, others: Others) -> None:
    """Only Streamdiver has a word for what is kept back, and for what is used up, which starts no more."""
    made = rest.post("/streamdiver/v2/livestreams", json={"name": "once"}).json()["data"]["id"]

    tell(Life(rest, others, made.replace("-", "")), [*ONCE, *ENDS[name]])

    assert rest.post(f"/streamdiver/v2/livestreams/{made}/start").status_code == 409


def test_gap_before_publish_is_no_gap_to_viewers(rest: Rest, others: Others) -> None:
    """Kept back it stays, as it was before; and in the words of who has none for that, it comes back."""
    made = rest.post("/streamdiver/v2/livestreams", json={"name": "gap"}).json()["data"]["id"]
    connected, gap, back = KEPT_BACK
    story: Story = [("connect_gated", connected), ("leave", gap), ("come_back", back), ("publish", BACK)]

    tell(Life(rest, others, made.replace("-", "")), [("activate", ARMED), *story, *ENDS["order"]])


def test_history_tells_each_word_once_and_what_was_changed_on_air(rest: Rest, others: Others) -> None:
    """Two broadcasts: who left the first without a word is not taken for who said goodbye to the second."""
    livestream = rest.call("POST", "/v1/livestreams", {})["id"]
    tell(Life(rest, others, livestream, ago_s=3600), STORIES["cut for good"])
    rest.call("PATCH", f"/v1/livestreams/{livestream}", {"name": "changed off air"})
    second = Life(rest, others, livestream)
    second.connect()
    until(second.words, lambda found: found == CONNECTED)
    rest.call("PATCH", f"/v1/livestreams/{livestream}", {"name": "changed on air"})
    tell(second, [("say_goodbye", GAP), ("run_out", CLEAN[0]), ("archive", CLEAN[1])])

    detail = rest.get(f"{STREAM}/{livestream}").json()["result"]["statusDetail"]

    said = [each["state"] for each in detail["history"]]
    assert detail["current"]["state"] == "client_disconnect"
    assert [word for word in said if word != "new_configuration_accepted"] == [
        *("client_disconnect", "reconnecting", "connected"),
        *("failed_to_reconnect", "reconnecting", "connected"),
    ]
    assert said.count("new_configuration_accepted") == 1
