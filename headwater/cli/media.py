"""`headwater media …`."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

if TYPE_CHECKING:
    from headwater.rest.client import RestClient

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The recording's id.")]
_ASK_EVERY_S = 0.5


@app.command("list")
def list_(
    livestream: Annotated[str | None, typer.Option("--livestream", help="Only those of this livestream.")] = None,
    as_json: JsonOption = False,
) -> None:
    """List recordings."""
    with session() as client:
        found = list(client.media.list(livestream=livestream))
    if as_json:
        print_json({"media": found})
    else:
        columns = ("id", "livestreamId", "state", "duration", "createTime")
        print_table(columns, [[one.get(column) for column in columns] for one in found])


@app.command()
def get(media: Id, as_json: JsonOption = False) -> None:
    """Show one recording."""
    with session() as client:
        _show(client.media.get(media), as_json=as_json)


@app.command()
def update(
    media: Id, name: Annotated[str, typer.Option("--name", help="A name for people.")], as_json: JsonOption = False
) -> None:
    """Rename a recording."""
    with session() as client:
        _show(client.media.update(media, name=name), as_json=as_json)


@app.command()
def delete(
    media: Id,
    permanent: Annotated[bool, typer.Option("--permanent", help="At once and for good.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete a recording; it can be restored for a time."""
    with session() as client:
        client.media.delete(media, permanent=permanent)
    if as_json:
        print_json({})
    else:
        print(f"deleted {media}")


@app.command()
def restore(media: Id, as_json: JsonOption = False) -> None:
    """Bring a deleted recording back."""
    with session() as client:
        _show(client.media.restore(media), as_json=as_json)


@app.command()
def download(
    media: Id,
    file_format: Annotated[str, typer.Option("--format", help="MP4, or M4A for the sound alone.")] = "MP4",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; unset: <id>.mp4 here.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Have a file made of a recording, wait for it, and fetch it."""
    chosen = file_format.upper()
    path = output or Path(f"{media}.{chosen.lower()}")
    with session() as client:
        made = _wait(client, media, chosen)
        if made.get("state") == "FAILED":
            sys.stderr.write(f"headwater: the file could not be made: {made.get('error') or 'see log/archiver.log'}\n")
            raise typer.Exit(1)
        with path.open("wb") as file:
            for block in client.media.fetch(made["url"]):
                file.write(block)
    if as_json:
        print_json(made | {"path": str(path)})
    else:
        print(f"{path}  {path.stat().st_size} bytes")


def _wait(client: "RestClient", media: str, file_format: str) -> dict[str, Any]:
    said = -1
    while True:
        made = client.media.order_download(media, file_format)  # asking again is how its state is read
        percent = int(made.get("percent", 0))
        if made.get("state") != "IN_PROGRESS":
            return made
        if percent > said:
            said = percent
            sys.stderr.write(f"{percent} %\n")
        time.sleep(_ASK_EVERY_S)


def _show(media: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(media)
        return
    labels = ("id", "livestreamId", "broadcastId", "state", "name", "duration", "sizeBytes", "createTime")
    print_card({label: media.get(label) for label in labels})
    for one in media.get("playouts", []):
        print_card({one.get("protocol", "playout"): one.get("url")})
    for one in media.get("downloads", []):
        print_card({f"{one.get('format')} {one.get('state')}": one.get("url") or f"{one.get('percent', 0)} %"})
