"""Where a livestream or a broadcast stands, for pages and in the words of Cloudflare Stream: no secrets."""

import json
from typing import Any

from headwater.internal.v1.onair_pb2 import Playback
from services.packager.http import Response


def answer(record: Playback, asked: str) -> Response:
    """The JSON that the player page asks for each second; `asked` is the id it was asked for by."""
    is_live, is_input = record.state == Playback.LIVE, asked == record.livestream_id
    return _said(
        {
            "isInput": is_input,
            # What an input shows now; a broadcast's own id is its video's, live or not.
            "videoUID": record.broadcast_id if is_live or not is_input else None,
            "live": is_live,
            "state": Playback.State.Name(record.state),
            "livestreamId": record.livestream_id,
            "broadcastId": record.broadcast_id,
        }
    )


def never_live() -> Response:
    """Of a livestream that was never on air, and of any id that nobody knows: nobody may try ids out."""
    return _said({"isInput": True, "videoUID": None, "live": False})


def _said(body: dict[str, Any]) -> Response:
    headers = {"content-type": "application/json", "cache-control": "public, max-age=1"}
    return Response(200, headers, json.dumps(body).encode())
