"""Streamdiver's statistics: how many are connected, now and over the whole life of a livestream."""

from typing import Literal

from pydantic import BaseModel

from headwater.v1 import statistics_pb2 as pb
from services.api.dialects.endpoint import Answer, Endpoint, Exchange
from services.api.dialects.streamdiver.envelope import PageQuery, Paging, success, utc
from services.common.errors import AppError, Kind

FURTHEST = 200_000
"""About three weeks of one instance on air. To go further back, the native list takes a time."""
_MOST_AT_ONCE = 1000


class Connections(BaseModel):
    """At one moment."""

    rtmpConnections: int  # noqa: N815  their name
    hlsConnections: int  # noqa: N815  their name


class Overview(BaseModel):
    """Of both instances, and together."""

    primary: Connections
    secondary: Connections
    sum: Connections


class OverviewAnswer(BaseModel):
    """The overview."""

    status: Literal["success"]
    data: Overview


class Sample(Connections):
    """Of one instance at one time."""

    createdAtUtc: str | None  # noqa: N815  their name
    bitrate: int


class SamplesAnswer(BaseModel):
    """A page of samples, newest first. `paging.total` is exact on the last page; before it, it is one more than what
    pages up to this one hold, since nobody counts the samples of years.
    """

    status: Literal["success"]
    data: list[Sample]
    paging: Paging


async def _overview(exchange: Exchange) -> Answer:
    request = pb.GetStatisticsRequest(livestream_id=exchange.variables["id"])
    found = await exchange.native.ask(request, pb.Statistics)
    shown = Overview(primary=_show(found.primary), secondary=_show(found.secondary), sum=_show(found.sum))
    return success(shown.model_dump())


async def _primary(exchange: Exchange) -> Answer:
    return await _samples(exchange, "primary")


async def _secondary(exchange: Exchange) -> Answer:
    return await _samples(exchange, "secondary")


async def _samples(exchange: Exchange, instance: str) -> Answer:
    """By number: what lies before the page is passed over in large steps. `total` is what is known to be there."""
    query, livestream = exchange.asked(PageQuery), exchange.variables["id"]
    first = query.page * query.perpage
    wanted, token, at = first + query.perpage, "", 0
    if wanted > FURTHEST:
        further = f"/v1/livestreams/{livestream}/statistics/{instance}?before=<time> goes further back"
        raise AppError(
            Kind.INVALID, f"the newest {FURTHEST:,} samples are listed by page; {further}", field="query.page"
        )
    shown: list[dict[str, object]] = []
    while at < wanted:
        size = min(_MOST_AT_ONCE, wanted - at)
        request = pb.ListSamplesRequest(livestream_id=livestream, instance=instance, page_size=size, page_token=token)
        found = await exchange.native.ask(request, pb.ListSamplesResponse)
        shown += [_sample(each).model_dump() for each in found.samples[max(0, first - at) :]]
        at, token = at + len(found.samples), found.next_page_token
        if not token:
            break
    total = at + (1 if token else 0)
    return success(shown, Paging(page=query.page, perpage=query.perpage, total=total))


def _show(of: pb.Connections) -> Connections:
    return Connections(rtmpConnections=of.rtmp_connections, hlsConnections=of.hls_connections)


def _sample(of: pb.Sample) -> Sample:
    return Sample(
        createdAtUtc=utc(of.create_time),
        rtmpConnections=of.rtmp_connections,
        hlsConnections=of.hls_connections,
        bitrate=round(of.bitrate_bps),
    )


_AT = "/livestreams/{id}/statistics"

ENDPOINTS = (
    Endpoint("GET", _AT, "Get the present connections", _overview, answer=OverviewAnswer),
    Endpoint("GET", f"{_AT}/primary", "List the primary's samples", _primary, query=PageQuery, answer=SamplesAnswer),
    Endpoint(
        "GET", f"{_AT}/secondary", "List the secondary's samples", _secondary, query=PageQuery, answer=SamplesAnswer
    ),
)
