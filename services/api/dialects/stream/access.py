"""Stream's signing keys, tokens, and its one webhook."""

from datetime import UTC, datetime
from typing import Any, Literal

from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp
from pydantic import AliasChoices, BaseModel, Field

from headwater.v1 import signing_keys_pb2 as pb
from headwater.v1 import webhooks_pb2
from services.api.dialects.endpoint import Answer, Endpoint, Exchange
from services.api.dialects.stream.envelope import Envelope, NothingAnswer, iso, success
from services.common.errors import AppError, Kind

_AT_ONCE = 1000
_TYPES = {"any": pb.AccessRule.ANY, "ip.src": pb.AccessRule.IP, "ip.geoip.country": pb.AccessRule.COUNTRY}
_ACTIONS = {"allow": pb.AccessRule.ALLOW, "block": pb.AccessRule.BLOCK}


class AccessRule(BaseModel):
    """The first that matches decides."""

    type: Literal["any", "ip.src", "ip.geoip.country"]
    action: Literal["allow", "block"]
    ip: list[str] = Field(default_factory=list, max_length=100)
    country: list[str] = Field(default_factory=list, max_length=250)


class TokenCreate(BaseModel):
    """What the token permits; times in seconds since 1970."""

    id: str | None = Field(default=None, max_length=64)
    pem: str | None = Field(default=None, max_length=8192)
    exp: int | str | None = None
    nbf: int | str | None = None
    downloadable: bool = False
    accessRules: list[AccessRule] = Field(default_factory=list, max_length=5)  # noqa: N815  their name
    flags: dict[str, Any] | None = None


class WebhookUpdate(BaseModel):
    """Where to; they take both spellings."""

    notificationUrl: str = Field(  # noqa: N815  their name
        min_length=1, max_length=2048, validation_alias=AliasChoices("notificationUrl", "notification_url")
    )


class Key(BaseModel):
    """A signing key; the private half only in the answer to its creation."""

    id: str
    key_id: str
    created: str | None
    pem: str | None = None
    jwk: str | None = None


class KeyAnswer(Envelope):
    """A new key."""

    result: Key


class KeysAnswer(Envelope):
    """All keys."""

    result: list[Key]


class TokenAnswer(Envelope):
    """A token."""

    result: dict[str, str]


class Webhook(BaseModel):
    """The webhook as it is shown."""

    notificationUrl: str  # noqa: N815  their name
    modified: str | None
    secret: str | None


class WebhookAnswer(Envelope):
    """The webhook."""

    result: Webhook


async def _list_keys(exchange: Exchange) -> Answer:
    found = await exchange.native.ask(pb.ListSigningKeysRequest(page_size=_AT_ONCE), pb.ListSigningKeysResponse)
    shown = [_key(each).model_dump(exclude={"pem", "jwk"}) for each in found.signing_keys]
    return success(shown)


async def _create_key(exchange: Exchange) -> Answer:
    return success(_key(await exchange.native.ask(pb.CreateSigningKeyRequest(), pb.SigningKey)).model_dump())


async def _delete_key(exchange: Exchange) -> Answer:
    await exchange.native.ask(pb.DeleteSigningKeyRequest(id=exchange.variables["id"]), Empty)
    return success("Revoked")


async def _create_token(exchange: Exchange) -> Answer:
    wanted = exchange.read(TokenCreate)
    if (wanted.id is None) != (wanted.pem is None):
        raise AppError(Kind.INVALID, "id and pem go together", field="pem" if wanted.pem is None else "id")
    request = pb.CreatePlaybackTokenRequest(
        id=exchange.variables["id"],
        expire_time=_moment(wanted.exp, "exp"),
        not_before=_moment(wanted.nbf, "nbf"),
        downloadable=wanted.downloadable,
        access_rules=[
            pb.AccessRule(type=_TYPES[rule.type], action=_ACTIONS[rule.action], ip=rule.ip, country=rule.country)
            for rule in wanted.accessRules
        ],
        signing_key_id=(wanted.id or "").replace("-", ""),
        pem=wanted.pem or "",
    )
    found = await exchange.native.ask(request, pb.PlaybackToken)
    return success({"token": found.token})


def _moment(sent: int | str | None, name: str) -> Timestamp | None:
    """Numbers, and numbers as words, as their own samples have them."""
    if sent is None:
        return None
    found = Timestamp()
    try:
        found.FromDatetime(datetime.fromtimestamp(int(sent), UTC).replace(tzinfo=None))
    except (ValueError, OverflowError, OSError):
        raise AppError(Kind.INVALID, "must be seconds since 1970", field=name) from None
    return found


async def _find_webhook(exchange: Exchange) -> webhooks_pb2.Webhook | None:
    """The oldest of this format: they have one."""
    request = webhooks_pb2.ListWebhooksRequest(page_size=_AT_ONCE)
    found = await exchange.native.ask(request, webhooks_pb2.ListWebhooksResponse)
    ours = [each for each in found.webhooks if each.format == webhooks_pb2.Webhook.STREAM]
    return min(ours, key=lambda each: each.create_time.ToMicroseconds(), default=None)


async def _get_webhook(exchange: Exchange) -> Answer:
    return success(_webhook(await _there(exchange)).model_dump())


async def _there(exchange: Exchange) -> webhooks_pb2.Webhook:
    found = await _find_webhook(exchange)
    if found is None:
        raise AppError(Kind.NOT_FOUND, "there is no webhook")
    return found


async def _put_webhook(exchange: Exchange) -> Answer:
    url, known = exchange.read(WebhookUpdate).notificationUrl, await _find_webhook(exchange)
    url = url if "://" in url else f"https://{url}"
    if known is None:
        webhook = webhooks_pb2.Webhook(url=url, format=webhooks_pb2.Webhook.STREAM)
        made = webhooks_pb2.CreateWebhookRequest(webhook=webhook)
        return success(_webhook(await exchange.native.ask(made, webhooks_pb2.Webhook)).model_dump())
    request = webhooks_pb2.UpdateWebhookRequest(webhook=webhooks_pb2.Webhook(id=known.id, url=url))
    request.update_mask.paths.append("url")
    return success(_webhook(await exchange.native.ask(request, webhooks_pb2.Webhook)).model_dump())


async def _delete_webhook(exchange: Exchange) -> Answer:
    found = await _there(exchange)
    await exchange.native.ask(webhooks_pb2.DeleteWebhookRequest(id=found.id), Empty)
    return success("")


def _key(of: pb.SigningKey) -> Key:
    return Key(
        id=of.id,
        key_id=of.id,
        created=iso(of.create_time),
        pem=of.pem if of.HasField("pem") else None,
        jwk=of.jwk if of.HasField("jwk") else None,
    )


def _webhook(of: webhooks_pb2.Webhook) -> Webhook:
    secret = of.secret if of.HasField("secret") else None
    return Webhook(notificationUrl=of.url, modified=iso(of.update_time), secret=secret)


ENDPOINTS = (
    Endpoint("GET", "/keys", "List signing keys", _list_keys, answer=KeysAnswer),
    Endpoint("POST", "/keys", "Create a signing key", _create_key, answer=KeyAnswer),
    Endpoint("DELETE", "/keys/{id}", "Revoke a signing key", _delete_key, answer=NothingAnswer),
    Endpoint("POST", "/{id}/token", "Sign a token", _create_token, body=TokenCreate, answer=TokenAnswer),
    Endpoint("GET", "/webhook", "Get the webhook", _get_webhook, answer=WebhookAnswer),
    Endpoint("PUT", "/webhook", "Set the webhook", _put_webhook, body=WebhookUpdate, answer=WebhookAnswer),
    Endpoint("DELETE", "/webhook", "Delete the webhook", _delete_webhook, answer=NothingAnswer),
)
