"""Where a livestream or a broadcast stands, for pages: no secrets, no credentials."""

import json

from headwater.internal.v1.onair_pb2 import Playback
from services.packager.http import Response


def answer(record: Playback) -> Response:
    """The JSON that the player page asks for each second."""
    body = {
        "live": record.state == Playback.LIVE,
        "state": Playback.State.Name(record.state),
        "livestreamId": record.livestream_id,
        "broadcastId": record.broadcast_id,
    }
    headers = {"content-type": "application/json", "cache-control": "public, max-age=1"}
    return Response(200, headers, json.dumps(body).encode())
