"""What names may be made of: they stand in lists, logs and terminals."""

from typing import Any

import pytest

from tests.api.running import Rest

pytestmark = pytest.mark.connected

ACCOUNT = "/cloudflare/client/v4/accounts/default"
WORDS = "must not have control characters"

# RealtimeKit takes nothing but ASCII letters and digits.
PLACES = [
    ("/v1/livestreams", {"name": ...}, "name"),
    ("/v1/webhooks", {"url": "http://127.0.0.1:9/h", "name": ...}, "name"),
    ("/v1/tokens", {"scope": "READ", "name": ...}, "name"),
    ("/v1/apps", {"id": "names", "name": ...}, "name"),
    ("/v1/tenants", {"id": "names", "name": ...}, "name"),
    ("/cloudinary/v2/video/default/live_streams", {"name": ..., "input": {"type": "rtmp"}}, "name"),
    (f"{ACCOUNT}/stream/live_inputs", {"meta": {"name": ...}}, "name"),
    ("/streamdiver/v2/livestreams", {"name": ..., "source": "rtmp"}, "name"),
]


def filled(body: Any, name: str) -> Any:
    """The body with a name where one belongs."""
    if isinstance(body, dict):
        return {key: filled(value, name) for key, value in body.items()}
    return name if body is ... else body


@pytest.mark.parametrize(("path", "body", "field"), PLACES, ids=[path for path, _, _ in PLACES])
def test_name_with_control_characters_is_refused_by_its_field(rest: Rest, path: str, body: Any, field: str) -> None:
    """NUL, line ends, tabs, DEL, and what turns the direction of text; in all vocabularies alike."""
    for wrong in ("a\x00b", "line\n", "\ttab", "a\x7f", "gpj.\u202eexe", "\u2066a\u2069"):
        refused = rest.post(path, json=filled(body, wrong))
        assert (refused.status_code, WORDS in refused.text, field in refused.text) == (400, True, True), refused.text


@pytest.mark.parametrize("name", ["Ärger im Büro", "العربية", "日本 🎥", "a\u200fb", "it's <b>"])
def test_name_in_any_language_is_kept_as_it_is(rest: Rest, name: str) -> None:
    """Marks that belong to a script are no control characters; metadata may have lines."""
    made = rest.call("POST", "/v1/livestreams", {"name": name, "metadata": {"text": "two\nlines"}})

    assert (made["name"], made["metadata"]) == (name, {"text": "two\nlines"})
    assert rest.call("GET", f"/v1/livestreams?name={name[:2]}")["livestreams"]
