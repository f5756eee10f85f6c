"""`headwater livestreams …`."""

from typing import Annotated, Any, Literal

import typer

from headwater.cli import livestream_options as options
from headwater.cli.list_options import AfterOption, BeforeOption, NameOption, OrderOption
from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The livestream's id.")]
State = Literal["IDLE", "ACTIVE", "LIVE", "RECONNECTING", "ENDING", "DISABLED", "RECEIVING", "FINISHED", "FAILED"]


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name for people.")] = "",
    *,
    metadata: options.Metadata = None,
    reconnect_window: options.Window = None,
    record: options.Record = None,
    fail_back: options.FailBack = None,
    creator: options.Creator = None,
    manual_start: options.Manual = None,
    single_use: options.SingleUse = None,
    publish_gate: options.Gate = None,
    max_run_time: options.RunTime = None,
    retention_days: options.Retention = None,
    signed: options.Signed = None,
    origins: options.Origins = None,
    hide_viewers: options.HideViewers = None,
    dvr: options.Dvr = None,
    low_latency: options.LowLatency = None,
    app_id: options.AppId = None,
    as_json: JsonOption = False,
) -> None:
    """Create a livestream and print its URLs and keys."""
    fields = options.fields_of(
        name=name or None,
        metadata=metadata,
        reconnect_window=reconnect_window,
        record=record,
        fail_back=fail_back,
        creator=creator,
        manual_start=manual_start,
        single_use=single_use,
        publish_gate=publish_gate,
        max_run_time=max_run_time,
        retention_days=retention_days,
        signed=signed,
        origins=origins,
        hide_viewers=hide_viewers,
        dvr=dvr,
        low_latency=low_latency,
        app_id=app_id,
    )
    with session() as client:
        show(client.livestreams.create(**fields), as_json=as_json)


@app.command("list")
def list_(
    *,
    name: NameOption = None,
    state: Annotated[
        State | None, typer.Option("--state", metavar="STATE", case_sensitive=False, help="Only in this state: live …")
    ] = None,
    creator: Annotated[str | None, typer.Option("--creator", metavar="TEXT", help="Only of this creator.")] = None,
    app_id: Annotated[str | None, typer.Option("--app", metavar="ID", help="Only of this app.")] = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List livestreams, newest first."""
    asked = {"name": name, "state": state, "creator": creator, "appId": app_id}
    with session() as client:
        found = list(client.livestreams.list(**asked, after=after, before=before, orderBy=order))
    if as_json:
        print_json({"livestreams": found})
    else:
        print_table(
            ["id", "state", "on air", "name"],
            [[one.get("id"), one.get("state"), one.get("sourceInstance"), one.get("name")] for one in found],
        )


@app.command()
def get(livestream: Id, as_json: JsonOption = False) -> None:
    """Show one livestream with its URLs and keys."""
    with session() as client:
        show(client.livestreams.get(livestream), as_json=as_json)


@app.command()
def update(
    livestream: Id,
    *,
    name: options.Name = None,
    metadata: options.Metadata = None,
    reconnect_window: options.Window = None,
    record: options.Record = None,
    fail_back: options.FailBack = None,
    creator: options.Creator = None,
    manual_start: options.Manual = None,
    single_use: options.SingleUse = None,
    publish_gate: options.Gate = None,
    max_run_time: options.RunTime = None,
    retention_days: options.Retention = None,
    signed: options.Signed = None,
    origins: options.Origins = None,
    hide_viewers: options.HideViewers = None,
    dvr: options.Dvr = None,
    low_latency: options.LowLatency = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is given and leave the rest."""
    fields = options.fields_of(
        name=name,
        metadata=metadata,
        reconnect_window=reconnect_window,
        record=record,
        fail_back=fail_back,
        creator=creator,
        manual_start=manual_start,
        single_use=single_use,
        publish_gate=publish_gate,
        max_run_time=max_run_time,
        retention_days=retention_days,
        signed=signed,
        origins=origins,
        hide_viewers=hide_viewers,
        dvr=dvr,
        low_latency=low_latency,
    )
    if not fields:
        raise typer.BadParameter("nothing to change; --help lists what can be")
    with session() as client:
        show(client.livestreams.update(livestream, **fields), as_json=as_json)


@app.command()
def delete(
    livestream: Id,
    with_media: Annotated[bool, typer.Option("--with-media", help="Delete its recordings, too.")] = False,
    end_broadcast: Annotated[bool, typer.Option("--end-broadcast", help="Even if it is on air.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a livestream; its recordings stay."""
    with session() as client:
        client.livestreams.delete(livestream, delete_media=with_media, end_broadcast=end_broadcast)
    if as_json:
        print_json({})
    else:
        print(f"deleted {livestream}")


@app.command()
def activate(livestream: Id, as_json: JsonOption = False) -> None:
    """Arm a livestream: it waits for media."""
    with session() as client:
        show(client.livestreams.activate(livestream), as_json=as_json)


@app.command()
def idle(livestream: Id, as_json: JsonOption = False) -> None:
    """End the broadcast on air at once."""
    with session() as client:
        show(client.livestreams.idle(livestream), as_json=as_json)


@app.command()
def publish(livestream: Id, as_json: JsonOption = False) -> None:
    """Let viewers see what arrives, where that waits for an order."""
    with session() as client:
        show(client.livestreams.publish(livestream), as_json=as_json)


@app.command()
def complete(livestream: Id, as_json: JsonOption = False) -> None:
    """End playlist and recording now; the encoder stays a while."""
    with session() as client:
        show(client.livestreams.complete(livestream), as_json=as_json)


@app.command()
def enable(livestream: Id, as_json: JsonOption = False) -> None:
    """Admit encoders again."""
    with session() as client:
        show(client.livestreams.enable(livestream), as_json=as_json)


@app.command()
def disable(livestream: Id, as_json: JsonOption = False) -> None:
    """Refuse encoders and end the broadcast on air."""
    with session() as client:
        show(client.livestreams.disable(livestream), as_json=as_json)


@app.command("rotate-keys")
def rotate_keys(livestream: Id, as_json: JsonOption = False) -> None:
    """Replace all keys; who uses an old one is cut off."""
    with session() as client:
        show(client.livestreams.rotate_keys(livestream), as_json=as_json)


@app.command()
def history(
    livestream: Id,
    *,
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Only with this reason.")] = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a livestream went through, newest first."""
    with session() as client:
        found = list(client.livestreams.history(livestream, reason=reason, after=after, before=before, orderBy=order))
    if as_json:
        print_json({"entries": found})
        return
    rows = [[one.get("time"), one.get("state"), one.get("reason"), one.get("broadcastId")] for one in found]
    print_table(["time", "state", "reason", "broadcast"], rows)


def show(livestream: dict[str, Any], *, as_json: bool) -> None:
    """Print one livestream."""
    if as_json:
        print_json(livestream)
        return
    card = {label: livestream.get(label) for label in ("id", "name", "state", "metadata", "reconnectWindow")}
    for one in filter(_is_served, livestream.get("inputs", [])):
        card |= {f"{one.get('instance')} {one.get('protocol')}": one.get("url")}
        card |= {f"{one.get('instance')} key": one.get("streamKey")}
    for one in filter(_is_served, livestream.get("playouts", [])):
        card |= {one.get("protocol", "playout"): one.get("url")}
    print_card(card | _page(card.get("hls")))


def _page(playlist: Any) -> dict[str, str]:
    """The player page, which an origin has beside each playlist."""
    folder, _, name = str(playlist or "").rpartition("/")
    return {"watch": f"{folder}/watch"} if name == "index.m3u8" else {}


def _is_served(way: dict[str, Any]) -> bool:
    """The others are made and kept for the day their protocol is served; `--json` has them."""
    return bool(way.get("isServed", True))
