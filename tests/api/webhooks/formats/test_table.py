"""What holds for every format."""

import json

import pytest

from services.api.webhooks.formats.table import FORMATS, Format, told
from services.api.webhooks.happening import ping
from tests.api.webhooks.scenes import AT_US, LETTER, fact, scene
from tests.api.webhooks.telling import told_fact


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_can_say_a_ping(format_: Format) -> None:
    """And every name that it says stands in its table."""
    found = told(format_, ping("k", AT_US), scene(livestream=None, media=None), LETTER)

    assert found is not None
    assert (found[0], isinstance(json.loads(found[1]), dict)) == ("ping", True)
    assert found[0] in FORMATS[format_].names


@pytest.mark.parametrize("format_", FORMATS)
def test_what_is_said_stands_in_the_formats_table(format_: Format) -> None:
    """So that whoever filters by a name of the table hears it."""
    facts = [fact(kind) for kind in ("encoder_connected", "encoder_disconnected", "recording_completed")]
    changes = [fact("media_changed", change=change) for change in ("created", "updated", "deleted", "restored")]
    names = {found[0] for each in (*facts, *changes) if (found := told_fact(format_, each))}

    assert names <= set(FORMATS[format_].names)


@pytest.mark.parametrize("format_", FORMATS)
def test_body_is_what_javascript_would_write(format_: Format) -> None:
    """Compact JSON with text as it is: who signs and checks over a parsed body gets the same bytes."""
    body = (told(format_, ping("k", AT_US), scene(), LETTER) or ("", b""))[1]

    assert json.dumps(json.loads(body), separators=(",", ":"), ensure_ascii=False).encode() == body
