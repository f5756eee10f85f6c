"""`headwater livestreams …` and `headwater statistics`."""

from typing import Annotated, Any

import typer

from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The livestream's id.")]
Metadata = Annotated[list[str] | None, typer.Option("--metadata", metavar="KEY=VALUE", help="May be repeated.")]
Window = Annotated[
    float | None, typer.Option("--reconnect-window", help="Seconds to wait for an encoder that has gone.")
]
Record = Annotated[bool | None, typer.Option("--record/--no-record", help="Keep a recording of each broadcast.")]
FailBack = Annotated[
    bool | None, typer.Option("--fail-back/--no-fail-back", help="Go back to the primary when it returns.")
]
Name = Annotated[str | None, typer.Option("--name", help="A name for people.")]
Creator = Annotated[str | None, typer.Option("--creator", help="Whose it is; copied to recordings.")]
Manual = Annotated[bool | None, typer.Option("--manual-start/--automatic-start", help="Only once it is activated.")]
SingleUse = Annotated[bool | None, typer.Option("--single-use/--reusable", help="For one broadcast.")]
Gate = Annotated[bool | None, typer.Option("--publish-gate/--no-publish-gate", help="Kept back until published.")]
RunTime = Annotated[float | None, typer.Option("--max-run-time", help="Seconds until a broadcast ends; 0: never.")]
Retention = Annotated[int | None, typer.Option("--retention-days", help="30 to 1096; 0: recordings stay.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="A name for people.")] = "",
    *,
    metadata: Metadata = None,
    reconnect_window: Window = None,
    record: Record = None,
    fail_back: FailBack = None,
    creator: Creator = None,
    manual_start: Manual = None,
    single_use: SingleUse = None,
    publish_gate: Gate = None,
    max_run_time: RunTime = None,
    retention_days: Retention = None,
    as_json: JsonOption = False,
) -> None:
    """Create a livestream and print its URLs and keys."""
    fields = _fields(name or None, metadata, reconnect_window, record, fail_back)
    fields |= _rules(creator, manual_start, single_use, publish_gate, max_run_time, retention_days)
    with session() as client:
        show(client.livestreams.create(**fields), as_json=as_json)


@app.command("list")
def list_(name: Name = None, as_json: JsonOption = False) -> None:
    """List livestreams."""
    with session() as client:
        found = list(client.livestreams.list(name=name))
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
    name: Name = None,
    metadata: Metadata = None,
    reconnect_window: Window = None,
    record: Record = None,
    fail_back: FailBack = None,
    creator: Creator = None,
    manual_start: Manual = None,
    single_use: SingleUse = None,
    publish_gate: Gate = None,
    max_run_time: RunTime = None,
    retention_days: Retention = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is given and leave the rest."""
    fields = _fields(name, metadata, reconnect_window, record, fail_back)
    fields |= _rules(creator, manual_start, single_use, publish_gate, max_run_time, retention_days)
    if not fields:
        raise typer.BadParameter("nothing to change; see --help")
    with session() as client:
        show(client.livestreams.update(livestream, **fields), as_json=as_json)


@app.command()
def delete(
    livestream: Id,
    with_media: Annotated[bool, typer.Option("--with-media", help="Delete its recordings, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a livestream."""
    with session() as client:
        client.livestreams.delete(livestream, delete_media=with_media)
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
    """End playlist and recording now; the encoder keeps its connection for a minute."""
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
def history(livestream: Id, as_json: JsonOption = False) -> None:
    """Show what a livestream went through, newest first."""
    with session() as client:
        found = list(client.livestreams.history(livestream))
    if as_json:
        print_json({"entries": found})
        return
    rows = [[one.get("time"), _state(one), one.get("reason"), one.get("broadcastId")] for one in found]
    print_table(["time", "state", "reason", "broadcast"], rows)


def _state(entry: dict[str, Any]) -> str:
    state = str(entry.get("state", ""))
    return "" if state == "STATE_UNSPECIFIED" else state


def statistics(livestream: Id, as_json: JsonOption = False) -> None:
    """Show who sends to a livestream and who watches it."""
    with session() as client:
        figures = client.livestreams.statistics(livestream)
    if as_json:
        print_json(figures)
        return
    rows = [[row, *_counts(figures.get(row) or {})] for row in ("primary", "secondary", "sum")]
    print_table(["instance", "encoders", "viewers"], rows)


def show(livestream: dict[str, Any], *, as_json: bool) -> None:
    """Print one livestream."""
    if as_json:
        print_json(livestream)
        return
    print_card({label: livestream.get(label) for label in ("id", "name", "state", "metadata", "reconnectWindow")})
    for one in filter(_is_served, livestream.get("inputs", [])):
        print_card({f"{one.get('instance')} {one.get('protocol')}": one.get("url"), "  key": one.get("streamKey")})
    for one in filter(_is_served, livestream.get("playouts", [])):
        print_card({one.get("protocol", "playout"): one.get("url")})


def _is_served(way: dict[str, Any]) -> bool:
    """The others are made and kept for the day their protocol is served; `--json` has them."""
    return bool(way.get("isServed", True))


def _counts(row: dict[str, Any]) -> tuple[int, int]:
    return int(row.get("rtmpConnections", 0)), int(row.get("hlsConnections", 0))


def _fields(
    name: str | None,
    metadata: list[str] | None,
    reconnect_window: float | None,
    record: bool | None,
    fail_back: bool | None,
) -> dict[str, Any]:
    given = {
        "name": name,
        "metadata": _pairs(metadata) if metadata else None,
        "reconnectWindow": None if reconnect_window is None else f"{reconnect_window:g}s",
        "record": record,
        "failBack": fail_back,
    }
    return {field: value for field, value in given.items() if value is not None}


def _rules(  # noqa: PLR0917  one for each option
    creator: str | None,
    manual_start: bool | None,
    single_use: bool | None,
    publish_gate: bool | None,
    max_run_time: float | None,
    retention_days: int | None,
) -> dict[str, Any]:
    given = {
        "creator": creator,
        "start": None if manual_start is None else "MANUAL" if manual_start else "AUTOMATIC",
        "singleUse": single_use,
        "publishGate": publish_gate,
        "maxRunTime": None if max_run_time is None else f"{max_run_time:g}s",
        "recording": None if retention_days is None else {"retentionDays": retention_days},
    }
    return {field: value for field, value in given.items() if value is not None}


def _pairs(metadata: list[str]) -> dict[str, str]:
    wrong = [pair for pair in metadata if "=" not in pair]
    if wrong:
        raise typer.BadParameter(f"{wrong[0]}: KEY=VALUE is needed")
    return dict(pair.split("=", 1) for pair in metadata)
