"""What a caller asks of a list, limited to what is the caller's."""

from dataclasses import replace

from google.protobuf.message import Message

from headwater.v1.livestreams_pb2 import ListLivestreamsRequest
from headwater.v1.media_pb2 import ListMediaRequest, Media
from services.api.caller import caller
from services.api.listing import microseconds
from services.api.row import Query

_NONE = "-"
"""No app is called so."""


def query_of(request: Message) -> Query:
    """Of a request with `after`, `before` and perhaps `app_id`."""
    who, app = caller(), str(getattr(request, "app_id", ""))
    if who.app_id and app and who.app_id != app:
        app = _NONE
    query = Query(
        tenant=who.tenant_id,
        app=app or who.app_id,
        after_us=microseconds(request, "after"),
        before_us=microseconds(request, "before"),
    )
    if isinstance(request, ListLivestreamsRequest):
        return replace(query, name=request.name, creator=request.creator)
    if isinstance(request, ListMediaRequest):
        shows_deleted = request.show_deleted or Media.DELETED in {request.state, *request.states}
        return replace(
            query,
            name=request.name,
            whole_name=request.whole_name,
            creator=request.creator,
            states=frozenset({*request.states, *([request.state] if request.state else [])}),
            shows_deleted=shows_deleted,
        )
    return query
