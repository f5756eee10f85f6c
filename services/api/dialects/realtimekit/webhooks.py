"""RealtimeKit's webhooks."""

from typing import Literal

from google.protobuf.empty_pb2 import Empty
from pydantic import BaseModel, Field

from headwater.v1 import webhooks_pb2 as pb
from services.api.dialects.endpoint import Answer, Endpoint, Exchange
from services.api.dialects.realtimekit.envelope import DEFAULT_APP, app_of, dashed, iso, success

Event = Literal[
    "meeting.started",
    "meeting.ended",
    "meeting.participantJoined",
    "meeting.participantLeft",
    "meeting.chatSynced",
    "recording.statusUpdate",
    "livestreaming.statusUpdate",
    "meeting.transcript",
    "meeting.summary",
]
"""All that they have. Ours are livestreams alone, so only livestreaming.statusUpdate ever comes."""
_EVENTS: tuple[Event, ...] = Event.__args__  # type: ignore[attr-defined]  # what a Literal is made of
_ALL_AT_ONCE = 1000


class WebhookCreate(BaseModel):
    """A new webhook."""

    name: str = Field(max_length=256)
    url: str = Field(max_length=2048)
    events: list[Event] = Field(min_length=1)
    enabled: bool = True


class WebhookEdit(BaseModel):
    """What may be changed of it."""

    name: str = Field(default="", max_length=256)
    url: str = Field(default="", max_length=2048)
    events: list[Event] = Field(default_factory=list)
    enabled: bool = True


class Webhook(BaseModel):
    """A webhook as it is shown."""

    id: str
    name: str
    url: str
    events: list[str]
    enabled: bool
    created_at: str | None
    updated_at: str | None


class WebhookAnswer(BaseModel):
    """One webhook."""

    success: bool
    data: Webhook


class WebhooksAnswer(BaseModel):
    """All webhooks."""

    success: bool
    data: list[Webhook]


class EventsAnswer(BaseModel):
    """The names of all events."""

    success: bool
    data: list[str]


async def _list(exchange: Exchange) -> Answer:
    found = await exchange.native.ask(pb.ListWebhooksRequest(page_size=_ALL_AT_ONCE), pb.ListWebhooksResponse)
    return success([_show(each).model_dump() for each in found.webhooks if _is_ours(exchange, each)])


async def _create(exchange: Exchange) -> Answer:
    wanted = exchange.read(WebhookCreate)
    webhook = pb.Webhook(
        name=wanted.name,
        url=wanted.url,
        format=pb.Webhook.REALTIMEKIT,
        events=wanted.events,
        enabled=wanted.enabled,
        app_id=app_of(exchange),
    )
    return _one(await exchange.native.ask(pb.CreateWebhookRequest(webhook=webhook), pb.Webhook), status=201)


async def _find(exchange: Exchange) -> pb.Webhook:
    return await exchange.native.ask(pb.GetWebhookRequest(id=exchange.variables["id"]), pb.Webhook)


async def _get(exchange: Exchange) -> Answer:
    return _one(await _find(exchange))


async def _replace(exchange: Exchange) -> Answer:
    wanted = exchange.read(WebhookCreate)
    webhook = pb.Webhook(name=wanted.name, url=wanted.url, events=wanted.events, enabled=wanted.enabled)
    return await _change(exchange, webhook, ("name", "url", "events", "enabled"))


async def _edit(exchange: Exchange) -> Answer:
    wanted = exchange.read(WebhookEdit)
    webhook = pb.Webhook(name=wanted.name, url=wanted.url, events=wanted.events, enabled=wanted.enabled)
    fields = tuple(sorted(exchange.fields & set(WebhookEdit.model_fields)))
    return await _change(exchange, webhook, fields) if fields else _one(await _find(exchange))


async def _change(exchange: Exchange, webhook: pb.Webhook, fields: tuple[str, ...]) -> Answer:
    webhook.id = exchange.variables["id"]
    request = pb.UpdateWebhookRequest(webhook=webhook)
    request.update_mask.paths.extend(fields)
    return _one(await exchange.native.ask(request, pb.Webhook))


async def _delete(exchange: Exchange) -> Answer:
    """The answer is what was deleted."""
    found = await _find(exchange)
    await exchange.native.ask(pb.DeleteWebhookRequest(id=found.id), Empty)
    return _one(found)


async def _names(_exchange: Exchange) -> Answer:
    return success(list(_EVENTS))


def _is_ours(exchange: Exchange, of: pb.Webhook) -> bool:
    return of.format == pb.Webhook.REALTIMEKIT and (of.app_id or DEFAULT_APP) == app_of(exchange)


def _one(found: pb.Webhook, *, status: int = 200) -> Answer:
    return success(_show(found).model_dump(), status=status)


def _show(of: pb.Webhook) -> Webhook:
    return Webhook(
        id=dashed(of.id),
        name=of.name,
        url=of.url,
        events=list(of.events) or list(_EVENTS),
        enabled=of.enabled,
        created_at=iso(of.create_time),
        updated_at=iso(of.update_time),
    )


def endpoints(prefix: str) -> tuple[Endpoint, ...]:
    """`prefix` names the app, where a path does."""
    every, one = f"{prefix}/webhooks", f"{prefix}/webhooks/{{id}}"
    return (
        Endpoint("GET", every, "List webhooks", _list, answer=WebhooksAnswer),
        Endpoint("POST", every, "Create a webhook", _create, body=WebhookCreate, answer=WebhookAnswer, status=201),
        Endpoint("GET", f"{every}/all", "List the names of events", _names, answer=EventsAnswer),
        Endpoint("GET", one, "Get a webhook", _get, answer=WebhookAnswer),
        Endpoint("PUT", one, "Replace a webhook", _replace, body=WebhookCreate, answer=WebhookAnswer),
        Endpoint("PATCH", one, "Edit a webhook", _edit, body=WebhookEdit, answer=WebhookAnswer),
        Endpoint("DELETE", one, "Delete a webhook", _delete, answer=WebhookAnswer),
    )
