"""The formats, one row each. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from headwater.v1.webhooks_pb2 import Webhook
from services.api.webhooks.formats import native, realtimekit, stream, stream_live, streamdiver
from services.api.webhooks.happening import Happening, Letter, Scene

Format: TypeAlias = Webhook.Format.ValueType
Say = Callable[[Happening, Scene, Letter], tuple[str, dict[str, Any]] | None]


@dataclass(frozen=True, slots=True)
class Speech:
    """How a product speaks: the events it knows by name, and what it says of a happening (None: nothing)."""

    names: tuple[str, ...]
    say: Say
    retries_refusals: bool = True
    """Whether an answer of below 500 that is no 2xx is tried again."""
    pings_on_change: bool = False
    """Whether a webhook is sent a ping when it is made or changed."""


FORMATS: Mapping[Format, Speech] = {
    Webhook.NATIVE: Speech(native.NAMES, native.say),
    Webhook.STREAM: Speech(stream.NAMES, stream.say),
    Webhook.STREAM_LIVE: Speech(stream_live.NAMES, stream_live.say),
    Webhook.REALTIMEKIT: Speech(realtimekit.NAMES, realtimekit.say, retries_refusals=False),
    Webhook.STREAMDIVER: Speech(streamdiver.NAMES, streamdiver.say, pings_on_change=True),
}


def told(format_: Format, happening: Happening, scene: Scene, letter: Letter) -> tuple[str, bytes] | None:
    """The event's name in the words of a format and the body as it is signed and sent."""
    said = FORMATS[format_].say(happening, scene, letter)
    return None if said is None else (said[0], orjson.dumps(said[1]))
