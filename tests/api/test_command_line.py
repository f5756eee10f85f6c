"""The command line's verbs, outputs and sums, against the real thing."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from headwater.cli.commands import app
from headwater.internal.v1.onair_pb2 import Playback
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.test_chronicle import playback

pytestmark = pytest.mark.connected


@pytest.fixture(autouse=True)
def its_address(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_URL", api.url)
    monkeypatch.setenv("HEADWATER_TOKEN", api.token)


def said(*words: str) -> str:
    result = CliRunner().invoke(app, list(words))
    assert result.exit_code == 0, result.output
    return result.stdout


def told(*words: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(said(*words, "--json"))
    return answer


def test_livestream_is_disabled_enabled_given_new_keys_and_tells_of_it() -> None:
    """Each order answers with the livestream; the history is a table, newest first."""
    made = told("livestreams", "create", "mine")

    assert told("livestreams", "disable", made["id"])["state"] == "DISABLED"
    assert told("livestreams", "enable", made["id"])["state"] == "IDLE"
    rotated = told("livestreams", "rotate-keys", made["id"])
    assert rotated["inputs"][0]["streamKey"] != made["inputs"][0]["streamKey"]

    lines = said("livestreams", "history", made["id"]).splitlines()
    assert lines[0].split() == ["TIME", "STATE", "REASON", "BROADCAST"]
    assert [line.split()[3] for line in lines[1:]] == ["keys-rotated", "enabled", "disabled", "created"]
    for verb in ("publish", "complete"):
        assert CliRunner().invoke(app, ["livestreams", verb, made["id"]]).exit_code == 8


def test_rules_of_a_livestream_are_options() -> None:
    """Unset ones are left to the server."""
    words = ("--creator", "ann", "--manual-start", "--single-use", "--publish-gate", "--max-run-time", "60")
    made = told("livestreams", "create", "mine", *words, "--retention-days", "30")
    changed = told("livestreams", "update", made["id"], "--automatic-start", "--max-run-time", "0")

    assert (made["creator"], made["start"], made["singleUse"], made["publishGate"]) == ("ann", "MANUAL", True, True)
    assert (made["maxRunTime"], made["recording"]["retentionDays"]) == ("60s", 30)
    assert (changed["start"], "maxRunTime" in changed, changed["recording"]["retentionDays"]) == (
        "AUTOMATIC",
        False,
        30,
    )


def test_rule_is_taken_back_by_its_option() -> None:
    """What an option says is empty or off is so afterwards."""
    made = told("livestreams", "create", "x", "--single-use", "--publish-gate", "--origin", "example.com")
    changed = told("livestreams", "update", made["id"], "--reusable", "--no-publish-gate", "--origin", "", "--name", "")
    told("tenants", "create", "acme", "--storage-quota", "5")

    assert (changed["singleUse"], changed["publishGate"], changed["name"]) == (False, False, "")
    assert changed["recording"]["allowedOrigins"] == []
    assert told("tenants", "update", "acme", "--storage-quota", "0")["storageQuotaBytes"] == "0"
    webhook = told("webhooks", "create", "https://93.184.216.34/hooks", "--event", "media.ready", "--name", "x")
    assert told("webhooks", "update", webhook["id"], "--event", "", "--name", "")["events"] == []


def test_outputs_are_added_changed_and_taken_away() -> None:
    """The table names type and target."""
    livestream = told("livestreams", "create")["id"]
    made = told("outputs", "create", livestream, "--url", "rtmp://a.example/live", "--stream-key", "k", "--name", "a")

    assert said("outputs", "list", livestream).splitlines()[3].split()[1:4] == [
        "SIMULCAST",
        "a",
        "rtmp://a.example/live",
    ]
    assert told("outputs", "update", livestream, made["id"], "--disabled")["enabled"] is False
    assert "rtmp://a.example/live" in said("outputs", "get", livestream, made["id"])
    said("outputs", "delete", livestream, made["id"])
    assert [each["type"] for each in told("outputs", "list", livestream)["outputs"]] == ["HLS", "ARCHIVE"]


def test_recording_is_deleted_and_restored_and_shows_as_a_session(rest: Rest, others: Others) -> None:
    """Without `--permanent` nothing is lost."""
    livestream, media = told("livestreams", "create")["id"], new_id()
    others.put("playback", media, playback(livestream, media, Playback.RECORDED))
    until(lambda: rest.get(f"/v1/media/{media}").json(), lambda one: one.get("state") == "READY")

    said("media", "delete", media)
    assert told("media", "get", media)["state"] == "DELETED"
    assert told("media", "restore", media)["state"] == "READY"

    assert media in said("sessions", "--livestream", livestream)
    assert told("sessions", "--livestream", livestream)["sessions"][0]["id"] == media
    assert said("usage", "--before", "2024-01-01T00:00:00Z").splitlines()[-1].startswith("sum")
    assert told("usage", "--after", "2024-01-01T00:00:00Z")["sessionCount"] == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (f"livestreams get {'f' * 32}", 4, "there is no livestream"),
        ("livestreams get mine", 7, "id: must be an id: 32 hexadecimal digits"),
        ("livestreams create x --reconnect-window 9999", 7, "livestream.reconnectWindow: must be"),
        ("livestreams create x --creator " + "c" * 65, 7, "livestream.creator: must be at most 64 characters"),
        ("livestreams list --order foo", 7, 'orderBy: must be create_time or update_time or name, with " desc" behind'),
        ("livestreams list --after 2026-01-31", 7, "after: must be a time such as 2026-01-31T00:00:00Z"),
        ("media list --livestream x", 7, "livestreamId: must be an id"),
        ("apps create a.b", 7, "app.id: must be 1 to 36 of A-Z a-z 0-9 - _"),
        (f"playback-token {'f' * 32} --country Austria", 7, "accessRules[0].country[0]: must be two capital letters"),
        ("apps create default", 8, "headwater: "),
    ],
)
def test_refusal_says_what_is_wrong_once(words: str, code: int, said: str) -> None:
    """With the field, and with an exit code of its own; docs/command-line.md has the table."""
    result = CliRunner().invoke(app, words.split())
    assert result.exit_code == code, result.stderr
    first, *rest = result.stderr.splitlines()
    assert first.startswith(f"headwater: {said}") or said in first
    assert len(rest) == 1


def test_token_that_may_only_read_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other than one that nobody knows."""
    secret = told("tokens", "create", "reader", "--scope", "read")["secret"]
    for token, code, words in ((secret, 6, "scope WRITE"), ("hw_unknown", 5, "HEADWATER_TOKEN")):
        monkeypatch.setenv("HEADWATER_TOKEN", token)
        result = CliRunner().invoke(app, ["livestreams", "create", "x"])
        assert (result.exit_code, words in result.stderr) == (code, True)
