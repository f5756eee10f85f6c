"""One of everything that a tenant may have, in the records of a real api."""

from dataclasses import dataclass
from typing import Any

from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.media_pb2 import Media
from services.common.ids import new_id
from tests.api.running import ApiServer, Others, until

TARGET = "rtmp://1.1.1.1/live"


@dataclass(frozen=True)
class Belongings:
    """Ids. The livestream's is its recording's and its session's too."""

    tenant: str
    livestream: str
    output: str
    webhook: str
    signing_key: str
    app: str


NOBODYS = Belongings("nobody", *(number * 32 for number in "01234"))
"""Ids that nothing has."""


def give(api: ApiServer, others: Others, tenant: str, *, output_key: str = "k") -> Belongings:
    """Make them; the tenant must be there."""
    with api.client() as admin:
        admin.headers["X-Headwater-Tenant"] = tenant
        livestream = admin.call("POST", "/v1/livestreams", {"name": f"of {tenant}"})["id"]
        simulcast = {"type": "SIMULCAST", "url": TARGET, "streamKey": output_key}
        output = admin.call("POST", f"/v1/livestreams/{livestream}/outputs", simulcast)["id"]
        hook = {"url": "https://hooks.example.com/x", "format": "REALTIMEKIT"}
        webhook = admin.call("POST", "/v1/webhooks", hook)["id"]
        admin.call("POST", "/v1/webhooks", hook | {"format": "STREAM"})
        signing_key = admin.call("POST", "/v1/signingKeys", {})["id"]
        app = admin.call("POST", "/v1/apps", {"id": new_id()})["id"]
        record(others, livestream, tenant)
        until(lambda: admin.get(f"/v1/media/{livestream}").status_code, lambda status: status == 200)
        until(lambda: admin.get(f"/v1/sessions/{livestream}").status_code, lambda status: status == 200)
    return Belongings(tenant, livestream, output, webhook, signing_key, app)


def record(others: Others, key: str, tenant: str) -> None:
    """A recording and a broadcast that is over."""
    ids: dict[str, Any] = {"id": key, "livestream_id": key, "tenant_id": tenant}
    others.put("broadcasts", key, BroadcastRecord(state=Broadcast.ENDED, start_time_us=1, end_time_us=2, **ids))
    others.put("media", key, MediaRecord(state=Media.READY, create_time_us=1, broadcast_id=key, **ids))


def token_of(api: ApiServer, tenant: str, scope: str) -> dict[str, Any]:
    """A new token, with its id and its secret."""
    with api.client() as admin:
        admin.headers["X-Headwater-Tenant"] = tenant
        return admin.call("POST", "/v1/tokens", {"scope": scope})
