"""Streamdiver's webhooks of media."""

from typing import Any

import pytest

from headwater.internal.v1.facts_pb2 import Fact
from headwater.v1.media_pb2 import Media
from headwater.v1.webhooks_pb2 import Webhook
from services.api.webhooks.formats.spelling import dashed
from tests.api.webhooks.scenes import BROADCAST, LIVESTREAM, fact, media, scene
from tests.api.webhooks.telling import told_fact


@pytest.mark.parametrize(
    ("said", "event", "more"),
    [
        (fact("recording_completed"), "media.created", {}),
        (fact("media_changed", change="created"), "media.created", {}),  # a clip, complete at once
        (fact("media_changed", change="updated", fields=["name"]), "media.updated", {"changedProperties": ["name"]}),
        (fact("media_changed", change="deleted", is_permanent=True), "media.deleted", {"permanent": True}),
        (fact("media_changed", change="restored"), "media.restored", {}),
    ],
)
def test_streamdiver_tells_of_media(said: Fact, event: str, more: dict[str, Any]) -> None:
    """With changed properties and the permanent flag; ids are dashed."""
    assert told_fact(Webhook.STREAMDIVER, said) == (
        event,
        {
            "id": dashed("d" * 32),
            "event": event,
            "createdAtUtc": "2022-01-13T11:43:41.855717Z",
            "mediaId": dashed(BROADCAST),
            "livestreamId": dashed(LIVESTREAM),
            **more,
        },
    )


def test_streamdivers_media_is_there_when_it_is_complete() -> None:
    """While it is being recorded there is only the livestream, of which no event is known."""
    growing = scene(media=media(state=Media.RECORDING))

    assert told_fact(Webhook.STREAMDIVER, fact("broadcast_started", record=True), growing) is None
    assert told_fact(Webhook.STREAMDIVER, fact("encoder_connected")) is None
