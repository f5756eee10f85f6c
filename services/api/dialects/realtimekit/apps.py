"""RealtimeKit's apps."""

from typing import Literal

from pydantic import BaseModel, Field

from headwater.v1 import tenants_pb2 as pb
from services.api.dialects.endpoint import Answer, Endpoint, Exchange
from services.api.dialects.realtimekit.envelope import PageQuery, Paging, iso, paging, success

_ALL_AT_ONCE = 1000


class AppCreate(BaseModel):
    """A new app."""

    name: str = Field(min_length=1, max_length=256)


class AppsQuery(PageQuery):
    """Which apps."""

    search: str = Field(default="", max_length=256)
    sort_order: Literal["ASC", "DESC"] = "DESC"


class App(BaseModel):
    """An app as it is shown."""

    id: str
    name: str
    created_at: str | None


class Made(BaseModel):
    """The new app."""

    app: App


class AppAnswer(BaseModel):
    """The new app."""

    success: bool
    data: Made


class AppsAnswer(BaseModel):
    """A page of apps."""

    success: bool
    data: list[App]
    paging: Paging


async def _list(exchange: Exchange) -> Answer:
    """There are few, so all are looked at."""
    query, request = exchange.asked(AppsQuery), pb.ListAppsRequest(page_size=_ALL_AT_ONCE)
    apps: list[pb.App] = []
    while True:
        found = await exchange.native.ask(request, pb.ListAppsResponse)
        apps += [each for each in found.apps if query.search.casefold() in each.name.casefold()]
        if not found.next_page_token:
            break
        request.page_token = found.next_page_token
    apps.sort(key=lambda app: app.create_time.ToMicroseconds(), reverse=query.sort_order == "DESC")
    start = (query.page_no - 1) * query.per_page
    shown = [_show(each).model_dump() for each in apps[start : start + query.per_page]]
    return success(shown, paging(query, len(shown), len(apps)))


async def _create(exchange: Exchange) -> Answer:
    app = pb.App(name=exchange.read(AppCreate).name)
    found = await exchange.native.ask(pb.CreateAppRequest(app=app), pb.App)
    return success({"app": _show(found).model_dump()}, status=201)


def _show(of: pb.App) -> App:
    return App(id=of.id, name=of.name or of.id, created_at=iso(of.create_time))


ENDPOINTS = (
    Endpoint("GET", "/apps", "List apps", _list, query=AppsQuery, answer=AppsAnswer),
    Endpoint("POST", "/apps", "Create an app", _create, body=AppCreate, answer=AppAnswer, status=201),
)
