"""A livestream, its media and facts about them."""

from typing import Any

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord
from headwater.v1.media_pb2 import Media
from services.api.urls import Urls
from services.api.webhooks.happening import Letter, Scene

LIVESTREAM = "66be4bf738797e01e1fca35a7bdecdcd"
BROADCAST = "6b9e68b07dfee8cc2d116e4c51d6a957"
URLS = Urls("rtmp://live.example:1935/live", "http://live.example:8088")
LETTER = Letter("d" * 32, "e" * 32, "Live Webhook Test")
AT_US = 1_642_074_221_855_717


def fact(kind: str, *, id_: str = "f" * 32, broadcast: str = BROADCAST, time_us: int = AT_US, **fields: Any) -> Fact:
    made = Fact(id=id_, time_us=time_us, livestream_id=LIVESTREAM, broadcast_id=broadcast, instance="primary")
    said = getattr(made, kind)
    said.SetInParent()
    for name, value in fields.items():
        if isinstance(value, list):
            getattr(said, name).extend(value)
        else:
            setattr(said, name, value)
    return made


def livestream(**fields: Any) -> LivestreamRecord:
    return LivestreamRecord(
        id=LIVESTREAM, name="one", metadata={"k": "v"}, creator="me", tenant_id="acme", app_id="shop", **fields
    )


def media(**fields: Any) -> MediaRecord:
    ready = {"state": Media.READY, "duration_us": 5_500_000, "size_bytes": 383_631, "width": 320, "height": 240}
    return MediaRecord(
        id=BROADCAST,
        livestream_id=LIVESTREAM,
        broadcast_id=BROADCAST,
        name="small.mp4",
        create_time_us=AT_US,
        ready_time_us=AT_US + 1_000_000,
        **(ready | fields),
    )


def scene(**fields: Any) -> Scene:
    return Scene("acme", URLS, **({"livestream": livestream(), "media": media()} | fields))
