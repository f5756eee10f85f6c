"""`headwater webhooks …`."""

from typing import Annotated, Any, Literal

import typer

from headwater.cli.list_options import AfterOption, BeforeOption, NameOption, OrderOption
from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The webhook's id.")]
Url = Annotated[str, typer.Argument(metavar="URL", help="Where events are posted to.")]
NewUrl = Annotated[str | None, typer.Option("--url", metavar="URL", help="Where events are posted to.")]
Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="A name for people.")]
Format = Annotated[
    Literal["NATIVE", "STREAM", "STREAM_LIVE", "REALTIMEKIT", "STREAMDIVER"],
    typer.Option(
        "--format",
        metavar="FORMAT",
        case_sensitive=False,
        help="Whose words: native, stream, stream_live, realtimekit or streamdiver. It never changes.",
    ),
]
Events = Annotated[
    list[str] | None, typer.Option("--event", metavar="NAME", help="Only this event; may be repeated. Empty: all.")
]
OfEvent = Annotated[str | None, typer.Option("--event", metavar="NAME", help="Only of this event.")]
Livestreams = Annotated[
    list[str] | None, typer.Option("--livestream", metavar="ID", help="Only of this; may be repeated. Empty: of all.")
]
AppId = Annotated[str | None, typer.Option("--app", metavar="ID", help="Only of this app.")]
Enabled = Annotated[bool | None, typer.Option("--enable/--disable", help="Whether anything is sent.")]
State = Annotated[
    Literal["PENDING", "DELIVERED", "FAILED"] | None,
    typer.Option("--state", case_sensitive=False, help="Only those."),
]

_COLUMNS = ("id", "format", "enabled", "name", "url")


@app.command()
def create(
    url: Url,
    *,
    name: Name = None,
    format_: Format = "NATIVE",
    events: Events = None,
    livestreams: Livestreams = None,
    app_id: AppId = None,
    enabled: Enabled = None,
    as_json: JsonOption = False,
) -> None:
    """Create a webhook and print the secret that signs it."""
    fields = _fields(name=name, events=events, livestreamIds=livestreams, appId=app_id, enabled=enabled)
    with session() as client:
        _show(client.webhooks.create(url, format=format_, **fields), as_json=as_json)


@app.command("list")
def list_(
    *,
    name: NameOption = None,
    enabled: Annotated[
        bool | None, typer.Option("--enabled/--disabled", help="Only those, or only the others.")
    ] = None,
    event: OfEvent = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List webhooks."""
    with session() as client:
        found = list(
            client.webhooks.list(
                name=name,
                enabled=None if enabled is None else str(enabled).lower(),
                event=event,
                after=after,
                before=before,
                orderBy=order,
            )
        )
    if as_json:
        print_json({"webhooks": found})
    else:
        print_table(_COLUMNS, [[one.get(column) for column in _COLUMNS] for one in found])


@app.command()
def get(webhook: Id, as_json: JsonOption = False) -> None:
    """Show one webhook with its secret."""
    with session() as client:
        _show(client.webhooks.get(webhook), as_json=as_json)


@app.command()
def update(
    webhook: Id,
    *,
    url: NewUrl = None,
    name: Name = None,
    events: Events = None,
    livestreams: Livestreams = None,
    app_id: AppId = None,
    enabled: Enabled = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is given and leave the rest."""
    fields = _fields(url=url, name=name, events=events, livestreamIds=livestreams, appId=app_id, enabled=enabled)
    if not fields:
        raise typer.BadParameter("nothing to change; --help lists what can be")
    with session() as client:
        _show(client.webhooks.update(webhook, **fields), as_json=as_json)


@app.command()
def delete(webhook: Id, as_json: JsonOption = False) -> None:
    """Delete a webhook and its log."""
    with session() as client:
        client.webhooks.delete(webhook)
    if as_json:
        print_json({})
    else:
        print(f"deleted {webhook}")


@app.command()
def ping(webhook: Id, as_json: JsonOption = False) -> None:
    """Send it a ping; `deliveries` shows what came of it."""
    with session() as client:
        _show_delivery(client.webhooks.ping(webhook), as_json=as_json)


@app.command()
def deliveries(
    webhook: Id,
    *,
    state: State = None,
    event: OfEvent = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what was sent and what waits, newest first."""
    with session() as client:
        found = list(
            client.webhooks.deliveries(webhook, state=state, event=event, after=after, before=before, orderBy=order)
        )
    if as_json:
        print_json({"deliveries": found})
    else:
        rows = [[one.get("id"), one.get("state"), one.get("event"), one.get("createTime"), _last(one)] for one in found]
        print_table(("id", "state", "event", "created", "last attempt"), rows)


@app.command()
def resend(
    webhook: Id,
    delivery: Annotated[str, typer.Argument(metavar="DELIVERY", help="The delivery's id.")],
    as_json: JsonOption = False,
) -> None:
    """Send a delivery once more, under the same id."""
    with session() as client:
        _show_delivery(client.webhooks.resend(webhook, delivery), as_json=as_json)


def _fields(**given: Any) -> dict[str, Any]:
    kept = {name: value for name, value in given.items() if value is not None}
    return {name: [*filter(None, value)] if isinstance(value, list) else value for name, value in kept.items()}


def _show(webhook: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(webhook)
        return
    labels = ("id", "name", "url", "format", "enabled", "appId", "secret", "createTime")
    card = {label: webhook.get(label) for label in labels}
    card["events"] = ", ".join(webhook.get("events", []))
    card["livestreams"] = ", ".join(webhook.get("livestreamIds", []))
    print_card(card)


def _show_delivery(delivery: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(delivery)
    else:
        print_card({label: delivery.get(label) for label in ("id", "state", "event", "url", "nextAttemptTime")})


def _last(delivery: dict[str, Any]) -> str:
    """The newest attempt in a word."""
    attempts = delivery.get("attempts", [])
    return str(attempts[-1].get("statusCode") or attempts[-1].get("error", "")) if attempts else ""
