"""The command line against a small API server."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from headwater.cli.commands import app
from tests.headwater.small_api import TOKEN, SmallApi, small_api


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallApi]:
    with small_api() as server:
        monkeypatch.setenv("HEADWATER_URL", server.url)
        monkeypatch.setenv("HEADWATER_TOKEN", TOKEN)
        yield server


def headwater(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_create_prints_urls_and_keys_and_sends_only_what_was_given(api: SmallApi) -> None:
    """The card has what an encoder needs; unset options are left to the server."""
    result = headwater("livestreams", "create", "Town hall", "--reconnect-window", "60", "--metadata", "room=1")
    assert result.exit_code == 0
    for word in ("Town hall", "rtmp://127.0.0.1:1935/live", "k-primary", "k-secondary", "index.m3u8"):
        assert word in result.stdout
    assert api.requests[-1][2] == {"name": "Town hall", "metadata": {"room": "1"}, "reconnectWindow": "60s"}


def test_list_is_a_table_or_json(api: SmallApi) -> None:
    """People get aligned columns, programs the API's own objects."""
    assert headwater("livestreams", "list").stdout == "none\n"
    made = api.add_livestream("a\x1b[31mb")
    table = headwater("livestreams", "list").stdout.splitlines()
    assert table[0].split() == ["ID", "STATE", "ON", "AIR", "NAME"]
    assert table[1].split() == [made["id"], "IDLE", "-", "a?[31mb"]
    assert json.loads(headwater("livestreams", "list", "--json").stdout) == {"livestreams": [made]}


def test_update_delete_activate_and_idle_answer_what_they_did(api: SmallApi) -> None:
    """Each command prints the livestream it changed, as JSON if asked."""
    identifier = api.add_livestream("x")["id"]
    changed = headwater("livestreams", "update", identifier, "--name", "y", "--no-record", "--json")
    assert json.loads(changed.stdout)["record"] is False
    assert "ACTIVE" in headwater("livestreams", "activate", identifier).stdout
    assert "IDLE" in headwater("livestreams", "idle", identifier).stdout
    assert headwater("livestreams", "update", identifier).exit_code == 2
    assert headwater("livestreams", "delete", identifier).stdout == f"deleted {identifier}\n"


def test_refusals_say_what_to_do_with_an_exit_code_each(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with the server's words and an advice; docs/command-line.md has the codes."""
    identifier = api.add_livestream("x")["id"]
    wrong = headwater("livestreams", "update", identifier, "--name", "bad")
    assert (wrong.exit_code, "name: is bad" in wrong.stderr) == (7, True)
    missing = headwater("livestreams", "get", "f" * 32)
    assert (missing.exit_code, "livestreams list" in missing.stderr) == (4, True)
    monkeypatch.setenv("HEADWATER_TOKEN", "other")
    closed = headwater("livestreams", "list")
    assert (closed.exit_code, "HEADWATER_TOKEN" in closed.stderr) == (5, True)
    monkeypatch.setenv("HEADWATER_URL", "http://127.0.0.1:1")
    away = headwater("livestreams", "list")
    assert (away.exit_code, "`headwater run`" in away.stderr) == (3, True)
    monkeypatch.setenv("HEADWATER_URL", "127.0.0.1:8080")
    nowhere = headwater("livestreams", "list")
    assert (nowhere.exit_code, "http://host:port" in nowhere.stderr) == (3, True)
    monkeypatch.setenv("HEADWATER_TOKEN", "hw_x\nhw_y")
    assert headwater("livestreams", "list").exit_code == 5


def test_statistics_show_instances_and_sum(api: SmallApi) -> None:
    """Three rows, zero where the API leaves a number out."""
    rows = headwater("statistics", api.add_livestream("x")["id"]).stdout.splitlines()
    assert [row.split() for row in rows[1:]] == [["primary", "1", "7"], ["secondary", "0", "0"], ["sum", "1", "7"]]


def test_media_download_waits_and_fetches_the_file(api: SmallApi, tmp_path: Path) -> None:
    """The file is ordered, awaited and written where it was asked for."""
    identifier = api.add_media("a" * 32)["id"]
    target = tmp_path / "talk.mp4"
    result = headwater("media", "download", identifier, "-o", str(target))
    assert result.exit_code == 0
    assert target.read_bytes() == b"an mp4"
    assert "40 %" in result.stderr
    assert [body for method, _, body in api.requests if method == "POST"] == [{"format": "MP4"}] * 2


def test_download_is_written_whole_or_not_at_all(api: SmallApi, tmp_path: Path) -> None:
    """What was there stays where the file breaks off; a folder that is not there is told of before it is made."""
    identifier = api.add_media("a" * 32)["id"]
    target = tmp_path / "talk.mp4"
    target.write_bytes(b"older")
    api.files_break_off = True

    broken = headwater("media", "download", identifier, "-o", str(target))
    nowhere = headwater("media", "download", identifier, "-o", str(tmp_path / "no" / "talk.mp4"))

    assert (broken.exit_code, nowhere.exit_code) == (3, 2)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("talk.mp4", b"older")]


def test_seconds_are_sent_as_they_were_typed(api: SmallApi) -> None:
    """However many, and never with an exponent, which the API does not read."""
    headwater("livestreams", "create", "--max-run-time", "2592000", "--reconnect-window", "0.25")
    assert api.requests[-1][2] == {"maxRunTime": "2592000s", "reconnectWindow": "0.25s"}
    headwater("media", "clip", "a" * 32, "--start", "100000.125", "--end", "604799.999")
    assert (api.requests[-1][2]["start"], api.requests[-1][2]["end"]) == ("100000.125s", "604799.999s")


def test_time_that_no_calendar_has_is_refused(api: SmallApi) -> None:
    """In words, and before anything is asked."""
    assert headwater("tokens", "create", "x", "--days", "99999999").exit_code == 2
    assert headwater("playback-token", "a" * 32, "--hours", "1e12").exit_code == 2
    assert api.requests == []


def test_media_list_filters_by_livestream_and_delete_removes(api: SmallApi) -> None:
    """Recordings of one livestream only; what is deleted is gone."""
    mine, _ = api.add_media("a" * 32), api.add_media("b" * 32)
    listed = json.loads(headwater("media", "list", "--livestream", "a" * 32, "--json").stdout)
    assert listed == {"media": [mine]}
    assert "12.500s" in headwater("media", "get", mine["id"]).stdout
    assert headwater("media", "delete", mine["id"]).exit_code == 0
    assert headwater("media", "get", mine["id"]).exit_code == 4


def test_token_secret_is_shown_when_it_is_made(api: SmallApi) -> None:
    """Create prints the secret once, and the scope that was asked for is sent."""
    made = headwater("tokens", "create", "ci", "--scope", "read")
    assert "hw_fresh" in made.stdout
    assert api.requests[-1][2] == {"name": "ci", "scope": "READ"}
    assert "ci" in headwater("tokens", "list").stdout
    assert headwater("tokens", "delete", "1" * 32).exit_code == 0


def test_token_may_have_an_end(api: SmallApi) -> None:
    """So many days from now."""
    headwater("tokens", "create", "ci", "--days", "2")

    ends = datetime.fromisoformat(api.requests[-1][2]["expireTime"])
    assert timedelta(days=1, hours=23) < ends - datetime.now(UTC) <= timedelta(days=2)


@pytest.mark.parametrize("kind", ["tenants", "apps"])
def test_tenant_and_app_are_made_listed_shown_and_deleted(api: SmallApi, kind: str) -> None:
    """With an id of one's own or a drawn one; as a table or as the API's JSON."""
    assert "acme" in headwater(kind, "create", "acme", "--name", "Acme").stdout
    assert api.requests[-1][2] == {"id": "acme", "name": "Acme"}
    assert json.loads(headwater(kind, "create", "--json").stdout)["id"] == "2" * 32
    table = headwater(kind, "list").stdout.splitlines()
    assert (table[0].split()[:2], table[1].split()[:2]) == (["ID", "NAME"], ["acme", "Acme"])
    assert [one["id"] for one in json.loads(headwater(kind, "list", "--json").stdout)[kind]] == ["acme", "2" * 32]
    assert "Acme" in headwater(kind, "get", "acme").stdout
    assert headwater(kind, "delete", "acme").stdout == "deleted acme\n"
    assert headwater(kind, "get", "acme").exit_code == 4


def test_tenants_quota_is_changed_and_nothing_else(api: SmallApi) -> None:
    """No option given is a mistake."""
    headwater("tenants", "create", "acme")

    assert headwater("tenants", "update", "acme", "--storage-quota", "5000").exit_code == 0
    assert api.requests[-1][2] == {"storageQuotaBytes": "5000"}
    assert headwater("tenants", "update", "acme").exit_code == 2


def test_commands_act_in_the_tenant_of_the_environment(api: SmallApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unset, the token's own."""
    headwater("livestreams", "list")
    assert api.tenant is None
    monkeypatch.setenv("HEADWATER_TENANT", "acme")
    headwater("livestreams", "list")
    assert api.tenant == "acme"


@pytest.mark.usefixtures("api")
def test_tenant_that_no_header_can_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line's end is often left behind an id that comes out of a file."""
    monkeypatch.setenv("HEADWATER_TENANT", "acme\n")
    result = headwater("livestreams", "list")
    assert (result.exit_code, result.stdout) == (7, "")
    assert "the tenant's id has characters that no id has" in result.stderr


def test_output_that_cannot_be_written_is_said_in_words() -> None:
    """A full disk behind `>`."""
    command = [sys.executable, "-m", "headwater.cli", "--help"]
    with Path("/dev/full").open("wb") as full:
        found = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=30)
    said = "headwater: what there is to say could not be written: No space left on device\n"
    assert (found.returncode, found.stderr) == (1, said)


def test_demo_makes_its_livestream_once_and_finds_it_again(api: SmallApi, tmp_path: Path) -> None:
    """`headwater demo` reuses its livestream, takes the asked instance's key and prints the watch page."""
    from headwater.cli import demo

    assert demo._from_api("primary") == "rtmp://127.0.0.1:1935/live/k-primary"
    assert demo._from_api("secondary") == "rtmp://127.0.0.1:1935/live/k-secondary"
    assert [one["name"] for one in api.things["livestreams"].values()] == ["Headwater demo"]
    assert headwater("demo", "--size", "12x12").exit_code == 2


def test_help_loads_neither_client_nor_services() -> None:
    """`headwater --help` is quick because it loads nothing but the command line."""
    code = (
        "import sys\nfrom headwater.cli.commands import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "heavy = [m for m in ('grpc', 'av', 'urllib.request', 'services.machine', 'rich') if m in sys.modules]\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    assert "livestreams" in done.stdout


def test_signing_key_shows_its_private_half_once(
    api: SmallApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the screen, or into a file that nobody else may read; lists do not have it."""
    assert "cGVt" in headwater("signing-keys", "create").stdout
    path = tmp_path / "key"
    said = headwater("signing-keys", "create", "-o", str(path), "--json").stdout
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("cGVt\n", 0o600)
    assert json.loads(said) == {"id": "3" * 32, "createTime": "2030-01-01T00:00:00Z", "path": str(path)}
    assert headwater("signing-keys", "create", "-o", str(path)).exit_code == 2
    other = tmp_path / "other"
    monkeypatch.setenv("HEADWATER_TOKEN", "unknown")
    assert (headwater("signing-keys", "create", "-o", str(other)).exit_code, other.exists()) == (5, False)
    monkeypatch.setenv("HEADWATER_TOKEN", TOKEN)
    assert "3" * 32 in headwater("signing-keys", "list").stdout
    assert headwater("signing-keys", "revoke", "3" * 32).stdout == f"revoked {'3' * 32}\n"
    assert api.requests[-1][:2] == ("DELETE", f"/v1/signingKeys/{'3' * 32}")


def test_playback_token_is_printed_alone(api: SmallApi) -> None:
    """So that a script can take it; what was asked for is sent, and who is in no rule is kept out."""
    media = api.add_media("a" * 32)["id"]
    assert headwater("playback-token", media).stdout == "a.b.c\n"
    assert api.requests[-1] == ("POST", f"/v1/media/{media}/playbackTokens", {})
    result = headwater(
        "playback-token", media, "--downloadable", "--hours", "2", "--ip", "10.0.0.0/8", "--country", "at"
    )
    assert result.exit_code == 0
    sent: dict[str, Any] = api.requests[-1][2]
    assert (
        timedelta(hours=1.9) < datetime.fromisoformat(sent.pop("expireTime")) - datetime.now(UTC) <= timedelta(hours=2)
    )
    assert sent == {
        "downloadable": True,
        "accessRules": [
            {"type": "IP", "action": "ALLOW", "ip": ["10.0.0.0/8"]},
            {"type": "COUNTRY", "action": "ALLOW", "country": ["AT"]},
            {"type": "ANY", "action": "BLOCK"},
        ],
    }
