"""RealtimeKit's livestreams and their sessions."""

from typing import Any, Literal

from pydantic import BaseModel, Field

from headwater.v1 import livestreams_pb2 as pb
from headwater.v1 import sessions_pb2
from services.api.dialects.addresses import HLS, beside, server
from services.api.dialects.endpoint import Absent, Answer, Endpoint, Exchange
from services.api.dialects.realtimekit.envelope import (
    DEFAULT_APP,
    PageQuery,
    Paging,
    TimeQuery,
    app_of,
    dashed,
    iso,
    moment,
    paging,
    success,
)

Status = Literal["LIVE", "IDLE", "ERRORED", "INVOKED"]

_LIVE = {pb.Livestream.RECEIVING, pb.Livestream.LIVE, pb.Livestream.RECONNECTING}
_OVER = {pb.Livestream.IDLE, pb.Livestream.ENDING, pb.Livestream.FINISHED, pb.Livestream.DISABLED}
_MAYBE_NEW = {pb.Livestream.IDLE, pb.Livestream.DISABLED}
_STATES: dict[Status, tuple[set[pb.Livestream.State.ValueType], bool | None]] = {
    "LIVE": (_LIVE, None),
    "ERRORED": ({pb.Livestream.FAILED}, None),
    "INVOKED": ({pb.Livestream.ACTIVE, *_MAYBE_NEW}, False),
    "IDLE": (_OVER, True),
}
"""The reverse of `_status`: in which of our states a livestream is, and whether an idle or disabled one has had a
broadcast."""


class LivestreamCreate(BaseModel):
    """A new livestream."""

    name: str | None = Field(default=None, max_length=256, pattern=r"^[a-zA-Z0-9_-]*$")


class ListQuery(PageQuery, TimeQuery):
    """Which livestreams; ours are none of a meeting's, so that nothing is left out by `exclude_meetings`."""

    status: Status | None = None
    sort_order: Literal["ASC", "DSC"] = "DSC"
    exclude_meetings: bool = False


class Livestream(BaseModel):
    """A livestream as it is shown. `disabled` is a word in lists and a bool at creation, as their SDK has it."""

    id: str
    name: str | None
    status: Status
    disabled: str | bool
    ingest_server: str | None
    stream_key: str | None
    playback_url: str | None
    meeting_id: str | None
    created_at: str | None
    updated_at: str | None


class Session(BaseModel):
    """A broadcast. Seconds come as numbers, and as words with the active one, as their SDK has it."""

    id: str
    livestream_id: str
    err_message: str | None
    ingest_seconds: float | int | str
    viewer_seconds: float | int | str
    invoked_time: str | None
    started_time: str | None
    stopped_time: str | None
    created_at: str | None
    updated_at: str | None


class LivestreamAnswer(BaseModel):
    """One livestream."""

    success: bool
    data: Livestream


class LivestreamsAnswer(BaseModel):
    """A page of livestreams."""

    success: bool
    data: list[Livestream]
    paging: Paging


class Detail(BaseModel):
    """A livestream with a page of its sessions; `session` is the newest."""

    livestream: Livestream
    sessions: list[Session]
    session: Session | None
    paging: Paging


class DetailAnswer(BaseModel):
    """A livestream with its sessions."""

    success: bool
    data: Detail


class Active(BaseModel):
    """A livestream with the session that is on air."""

    livestream: Livestream
    session: Session | None


class ActiveAnswer(BaseModel):
    """A livestream with the session that is on air."""

    success: bool
    data: Active


class SessionAnswer(BaseModel):
    """One session."""

    success: bool
    data: Session


async def _create(exchange: Exchange) -> Answer:
    wanted = exchange.read(LivestreamCreate)
    livestream = pb.Livestream(
        name=wanted.name or "", app_id="" if app_of(exchange) == DEFAULT_APP else app_of(exchange)
    )
    found = await exchange.native.ask(pb.CreateLivestreamRequest(livestream=livestream), pb.Livestream)
    return success(_show(found, as_words=False).model_dump(), status=201)


async def _list(exchange: Exchange) -> Answer:
    query = exchange.asked(ListQuery)
    request = pb.ListLivestreamsRequest(
        page_size=query.per_page,
        page=query.page_no,
        app_id=app_of(exchange),
        after=moment(query.start_time, "start_time"),
        before=moment(query.end_time, "end_time"),
        order_by="create_time asc" if query.sort_order == "ASC" else "create_time desc",
    )
    if query.status is not None:
        states, used = _STATES[query.status]
        request.states.extend(states)
        if used is not None:
            request.used = used
    found = await exchange.native.ask(request, pb.ListLivestreamsResponse)
    shown = [_show(each).model_dump() for each in found.livestreams]
    return success(shown, paging(query, len(shown), found.total_count))


async def _find(exchange: Exchange) -> pb.Livestream:
    return await exchange.native.ask(pb.GetLivestreamRequest(id=exchange.variables["id"]), pb.Livestream)


async def _get(exchange: Exchange) -> Answer:
    query, found = exchange.asked(PageQuery), await _find(exchange)
    request = sessions_pb2.ListSessionsRequest(livestream_id=found.id, page_size=query.per_page, page=query.page_no)
    sessions = await exchange.native.ask(request, sessions_pb2.ListSessionsResponse)
    newest = sessions.sessions[0] if sessions.sessions and query.page_no == 1 else await _newest(exchange, found.id)
    shown = [_session(each).model_dump() for each in sessions.sessions]
    return success(
        {
            "livestream": _show(found).model_dump(),
            "sessions": shown,
            "session": _session(newest).model_dump() if newest is not None else None,
            "paging": paging(query, len(shown), sessions.total_count).model_dump(),
        }
    )


async def _newest(exchange: Exchange, livestream: str) -> sessions_pb2.Session | None:
    request = sessions_pb2.ListSessionsRequest(livestream_id=livestream, page_size=1)
    found = await exchange.native.ask(request, sessions_pb2.ListSessionsResponse)
    return found.sessions[0] if found.sessions else None


async def _get_active(exchange: Exchange) -> Answer:
    found = await _find(exchange)
    newest = await _newest(exchange, found.id)
    active: dict[str, Any] | None = None
    if newest is not None and not newest.stop_time.seconds:
        active = _session(newest).model_dump()
        active["ingest_seconds"], active["viewer_seconds"] = str(newest.ingest_seconds), str(newest.viewer_seconds)
    return success({"livestream": _show(found).model_dump(), "session": active})


async def _get_session(exchange: Exchange) -> Answer:
    request = sessions_pb2.GetSessionRequest(id=exchange.variables["session"])
    found = await exchange.native.ask(request, sessions_pb2.Session)
    shown = _session(found).model_dump()
    shown["ingest_seconds"], shown["viewer_seconds"] = round(found.ingest_seconds), round(found.viewer_seconds)
    return success(shown)


async def _reset_key(exchange: Exchange) -> Answer:
    found = await _find(exchange)
    return success(_show(await exchange.native.ask(pb.RotateKeysRequest(id=found.id), pb.Livestream)).model_dump())


async def _enable(exchange: Exchange) -> Answer:
    found = await _find(exchange)
    return success(
        _show(await exchange.native.ask(pb.EnableLivestreamRequest(id=found.id), pb.Livestream)).model_dump()
    )


async def _disable(exchange: Exchange) -> Answer:
    found = await _find(exchange)
    return success(
        _show(await exchange.native.ask(pb.DisableLivestreamRequest(id=found.id), pb.Livestream)).model_dump()
    )


def _status(of: pb.Livestream) -> Status:
    """INVOKED until the first broadcast and while armed."""
    if of.state == pb.Livestream.FAILED:
        return "ERRORED"
    if of.state in _LIVE:
        return "LIVE"
    if of.state == pb.Livestream.ACTIVE or (of.state in _MAYBE_NEW and not of.broadcast_id):
        return "INVOKED"
    return "IDLE"


def _show(of: pb.Livestream, *, as_words: bool = True) -> Livestream:
    way = next((each for each in of.inputs if each.protocol == "rtmp" and each.instance == "primary"), pb.Input())
    is_disabled = of.HasField("enabled") and not of.enabled
    return Livestream(
        id=dashed(of.id),
        name=of.name or None,
        status=_status(of),
        disabled=str(is_disabled).lower() if as_words else is_disabled,
        ingest_server=server(way.url) or None,
        stream_key=way.stream_key if way.HasField("stream_key") else None,
        playback_url=beside(next((each.url for each in of.playouts if each.protocol == "hls"), ""), HLS) or None,
        meeting_id=None,
        created_at=iso(of.create_time),
        updated_at=iso(of.update_time),
    )


def _session(of: sessions_pb2.Session) -> Session:
    return Session(
        id=dashed(of.id),
        livestream_id=dashed(of.livestream_id),
        err_message=of.error or None,
        ingest_seconds=of.ingest_seconds,
        viewer_seconds=of.viewer_seconds,
        invoked_time=iso(of.invoke_time),
        started_time=iso(of.start_time),
        stopped_time=iso(of.stop_time),
        created_at=iso(of.invoke_time),
        updated_at=iso(of.update_time),
    )


def endpoints(prefix: str) -> tuple[Endpoint, ...]:
    """`prefix` names the app, where a path does."""
    every, one = f"{prefix}/livestreams", f"{prefix}/livestreams/{{id}}"
    meeting = f"{prefix}/meetings/{{meeting}}"
    return (
        Endpoint("GET", every, "List livestreams", _list, query=ListQuery, answer=LivestreamsAnswer),
        Endpoint(
            *("POST", every, "Create a livestream", _create),
            body=LivestreamCreate,
            answer=LivestreamAnswer,
            status=201,
        ),
        Endpoint("GET", one, "Get a livestream with its sessions", _get, query=PageQuery, answer=DetailAnswer),
        Endpoint("GET", f"{one}/active-livestream-session", "Get the session on air", _get_active, answer=ActiveAnswer),
        Endpoint("GET", f"{every}/sessions/{{session}}", "Get a session", _get_session, answer=SessionAnswer),
        Endpoint("POST", f"{one}/reset-stream-key", "Make a new stream key", _reset_key, answer=LivestreamAnswer),
        Endpoint("PUT", f"{one}/enable", "Enable a livestream", _enable, answer=LivestreamAnswer),
        Endpoint("PUT", f"{one}/disable", "Disable a livestream", _disable, answer=LivestreamAnswer),
        Endpoint("POST", f"{meeting}/livestreams", "Start a meeting's livestream", absent=Absent.NEVER),
        Endpoint("POST", f"{meeting}/active-livestream/stop", "Stop a meeting's livestream", absent=Absent.NEVER),
        Endpoint("GET", f"{meeting}/active-livestream", "Get a meeting's livestream", absent=Absent.NEVER),
        Endpoint("GET", f"{meeting}/livestream", "List a meeting's livestream sessions", absent=Absent.NEVER),
        Endpoint(
            *("GET", f"{prefix}/sessions/{{session}}/livestream-sessions", "List a meeting session's livestreams"),
            absent=Absent.NEVER,
        ),
    )
