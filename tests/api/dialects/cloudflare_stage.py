"""Cloudflare's own Python client against an api, and what there is for it to ask about."""

import inspect
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from cloudflare import Cloudflare
from cloudflare._resource import SyncAPIResource
from pydantic import TypeAdapter

from headwater.internal.v1.onair_pb2 import Playback
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, Rest, until
from tests.api.stories import broadcast_facts
from tests.api.test_chronicle import playback

ACCOUNT, APP = "default", "default"
HOOK = "https://hooks.example.com/x"


@dataclass
class Stage:
    """A client, the native API beside it, and a livestream with one recording."""

    client: Any
    rest: Rest
    others: Others
    live_input: str
    media: str

    def recording(self) -> str:
        """Another one, to be changed or deleted."""
        return recorded(self.rest, self.others, self.live_input)

    def native(self, path: str) -> dict[str, Any]:
        return self.rest.call("GET", f"/v1/{path}")


Row = Callable[[Stage], None]


def make_stage(api: ApiServer, rest: Rest, others: Others) -> Stage:
    client = Cloudflare(base_url=f"{api.url}/cloudflare/client/v4", api_token=api.token, max_retries=0, timeout=20)
    livestream = rest.call("POST", "/v1/livestreams", {"name": "walked", "creator": "ann"})["id"]
    media = recorded(rest, others, livestream)
    others.say(*broadcast_facts(broadcast=media, livestream=livestream))
    until(lambda: rest.get(f"/v1/sessions/{media}").json(), lambda one: one.get("ingestSeconds") == 49)
    return Stage(client, rest, others, livestream, media)


def recorded(rest: Rest, others: Others, livestream: str) -> str:
    """A broadcast that is over, as packager and archiver tell of it."""
    broadcast = new_id()
    record = playback(livestream, broadcast, Playback.RECORDED)
    record.store_prefix = f"{broadcast}-secret"
    others.put("playback", broadcast, record)
    until(lambda: rest.get(f"/v1/media/{broadcast}").json(), lambda one: one.get("state") == "READY")
    return broadcast


def strict(answer: Any, model: Any, *path: str) -> Any:
    """The raw answer's part at `path`, which is as the client's own type has it."""
    found = json.loads(answer.text() if callable(answer.text) else answer.text)
    assert found["success"] is True
    for name in path:
        found = found[name]
    TypeAdapter(model).validate_python(found)
    return found


def methods(resource: SyncAPIResource, name: str) -> Iterator[str]:
    """All methods of a resource and of the resources in it: `stream.live_inputs.outputs.create`."""
    for attribute, member in inspect.getmembers(type(resource)):
        if attribute.startswith(("_", "with_")):
            continue
        if inspect.isfunction(member):
            yield f"{name}.{attribute}"
        elif isinstance(inner := getattr(resource, attribute), SyncAPIResource):
            yield from methods(inner, f"{name}.{attribute}")


def promised() -> list[str]:
    """The methods that are to work with nothing but another base URL."""
    client = Cloudflare(api_token="x", base_url="http://localhost")
    kit = client.realtime_kit
    found = [*methods(client.stream, "stream")]
    for name in ("livestreams", "webhooks", "apps", "analytics"):
        found += methods(getattr(kit, name), f"realtime_kit.{name}")
    return found
