"""RealtimeKit's analytics: sums over sessions, together and by day."""

from pydantic import BaseModel, Field

from headwater.v1 import sessions_pb2
from services.api.dialects.endpoint import Absent, Answer, Endpoint, Exchange
from services.api.dialects.realtimekit.envelope import TimeQuery, app_of, moment, success


class UsageQuery(TimeQuery):
    """From when to when."""

    filters: str = Field(default="", max_length=1024, description="Taken and not looked at.")


class Overall(BaseModel):
    """Sums over the sessions that began in the time."""

    count: int
    total_ingest_seconds: int
    total_viewer_seconds: int


class Day(Overall):
    """The same of one day (UTC)."""

    date: str


class OverallAnswer(BaseModel):
    """All together."""

    success: bool
    data: Overall


class DaysAnswer(BaseModel):
    """Day by day, oldest first."""

    success: bool
    data: list[Day]


async def _overall(exchange: Exchange) -> Answer:
    found = await _usage(exchange)
    return success(_sums(found))


async def _daywise(exchange: Exchange) -> Answer:
    found = await _usage(exchange)
    return success([{"date": day.date, **_sums(day)} for day in found.days])


async def _usage(exchange: Exchange) -> sessions_pb2.Usage:
    query = exchange.asked(UsageQuery)
    request = sessions_pb2.GetUsageRequest(
        after=moment(query.start_time, "start_time"), before=moment(query.end_time, "end_time"), app_id=app_of(exchange)
    )
    return await exchange.native.ask(request, sessions_pb2.Usage)


def _sums(of: sessions_pb2.Usage | sessions_pb2.Usage.Day) -> dict[str, int]:
    return {
        "count": of.session_count,
        "total_ingest_seconds": round(of.ingest_seconds),
        "total_viewer_seconds": round(of.viewer_seconds),
    }


def endpoints(prefix: str) -> tuple[Endpoint, ...]:
    """`prefix` names the app, where a path does."""
    of_livestreams = f"{prefix}/analytics/livestreams"
    return (
        Endpoint("GET", f"{of_livestreams}/overall", "Sum up", _overall, query=UsageQuery, answer=OverallAnswer),
        Endpoint("GET", f"{of_livestreams}/daywise", "Sum up by day", _daywise, query=UsageQuery, answer=DaysAnswer),
        Endpoint("GET", f"{prefix}/analytics/daywise", "Sum up meetings and recordings", absent=Absent.LATER),
    )
