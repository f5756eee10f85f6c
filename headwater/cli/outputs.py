"""`headwater outputs …`."""

from typing import Annotated, Any, Literal

import typer

from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Livestream = Annotated[str, typer.Argument(metavar="LIVESTREAM", help="The livestream's id.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The output's id.")]
Name = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="A name for people.")]
Url = Annotated[str | None, typer.Option("--url", metavar="URL", help="Where to: rtmp, rtmps or srt.")]
Key = Annotated[str | None, typer.Option("--stream-key", metavar="KEY", help="The target's stream key.")]
PublicId = Annotated[
    str | None, typer.Option("--public-id", metavar="TEXT", help="Of an archive: what recordings are called.")
]


@app.command()
def create(
    livestream: Livestream,
    kind: Annotated[
        Literal["HLS", "ARCHIVE", "SIMULCAST"],
        typer.Option("--type", case_sensitive=False, help="Playback, recordings, or another platform."),
    ] = "SIMULCAST",
    *,
    url: Url = None,
    stream_key: Key = None,
    name: Name = None,
    vendor: Annotated[str | None, typer.Option("--vendor", metavar="TEXT", help='A label, such as "youtube".')] = None,
    public_id: PublicId = None,
    as_json: JsonOption = False,
) -> None:
    """Add another platform, or what was taken away."""
    fields = _given(url=url, streamKey=stream_key, name=name, vendor=vendor, publicId=public_id)
    with session() as client:
        _show(client.outputs.create(livestream, kind, **fields), as_json=as_json)


@app.command("list")
def list_(livestream: Livestream, as_json: JsonOption = False) -> None:
    """List a livestream's outputs."""
    with session() as client:
        found = list(client.outputs.list(livestream))
    if as_json:
        print_json({"outputs": found})
        return
    columns = ("id", "type", "name", "url", "state")
    print_table(columns, [[one.get(column) for column in columns] for one in found])


@app.command()
def get(livestream: Livestream, output: Id, as_json: JsonOption = False) -> None:
    """Show one output."""
    with session() as client:
        _show(client.outputs.get(livestream, output), as_json=as_json)


@app.command()
def update(
    livestream: Livestream,
    output: Id,
    *,
    url: Url = None,
    stream_key: Key = None,
    name: Name = None,
    public_id: PublicId = None,
    enabled: Annotated[bool | None, typer.Option("--enabled/--disabled", help="Of a simulcast: send to it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is given and leave the rest."""
    fields = _given(url=url, streamKey=stream_key, name=name, publicId=public_id, enabled=enabled)
    if not fields:
        raise typer.BadParameter("nothing to change; --help lists what can be")
    with session() as client:
        _show(client.outputs.update(livestream, output, **fields), as_json=as_json)


@app.command()
def delete(livestream: Livestream, output: Id, as_json: JsonOption = False) -> None:
    """Take an output away."""
    with session() as client:
        client.outputs.delete(livestream, output)
    if as_json:
        print_json({})
    else:
        print(f"deleted {output}")


def _given(**fields: Any) -> dict[str, Any]:
    return {field: value for field, value in fields.items() if value is not None}


def _show(output: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(output)
        return
    labels = ("id", "type", "name", "url", "streamKey", "vendor", "publicId", "enabled", "state", "error")
    print_card({label: output.get(label) for label in labels})
