"""`headwater media …`."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from headwater.cli.files import writing
from headwater.cli.list_options import AfterOption, BeforeOption, NameOption, OrderOption
from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.seconds import seconds
from headwater.cli.session import JsonOption, session

if TYPE_CHECKING:
    from headwater.rest.client import RestClient

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The recording's id.")]
Format = Annotated[
    Literal["MP4", "M4A"], typer.Option("--format", case_sensitive=False, help="M4A is the sound alone.")
]
_ASK_EVERY_S = 0.5


@app.command("list")
def list_(
    *,
    livestream: Annotated[
        str | None, typer.Option("--livestream", metavar="ID", help="Only those of this livestream.")
    ] = None,
    name: NameOption = None,
    creator: Annotated[str | None, typer.Option("--creator", metavar="TEXT", help="Only of this creator.")] = None,
    deleted: Annotated[bool, typer.Option("--deleted", help="Also those that can be restored.")] = False,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List recordings, newest first."""
    query = {"name": name, "creator": creator, "showDeleted": "true" if deleted else None}
    span = {"after": after, "before": before, "orderBy": order}
    with session() as client:
        found = list(client.media.list(livestream=livestream, **query, **span))
    if as_json:
        print_json({"media": found})
    else:
        columns = ("id", "state", "duration", "createTime", "name")
        print_table(
            ("id", "state", "duration", "created", "name"), [[one.get(each) for each in columns] for one in found]
        )


@app.command()
def get(media: Id, as_json: JsonOption = False) -> None:
    """Show one recording."""
    with session() as client:
        _show(client.media.get(media), as_json=as_json)


@app.command()
def update(
    media: Id,
    *,
    name: Annotated[str | None, typer.Option("--name", metavar="TEXT", help="A name for people.")] = None,
    creator: Annotated[str | None, typer.Option("--creator", metavar="TEXT", help="Whose it is.")] = None,
    signed: Annotated[bool | None, typer.Option("--signed/--open", help="Viewers need a playback token.")] = None,
    delete_at: Annotated[
        str | None, typer.Option("--delete-at", metavar="TIME", help="Delete it then (RFC 3339).")
    ] = None,
    position: Annotated[
        float | None,
        typer.Option("--thumbnail-position", metavar="0..1", min=0, max=1, help="Where its picture is taken."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Change what is given and leave the rest."""
    given = {
        "name": name,
        "creator": creator,
        "requireSignedUrls": signed,
        "scheduledDeleteTime": delete_at,
        "thumbnailPosition": position,
    }
    fields = {field: value for field, value in given.items() if value is not None}
    if not fields:
        raise typer.BadParameter("nothing to change; --help lists what can be")
    with session() as client:
        _show(client.media.update(media, **fields), as_json=as_json)


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
def clip(
    media: Id,
    start: Annotated[float, typer.Option("--start", metavar="SECONDS", min=0, help="Where it begins.")],
    end: Annotated[float, typer.Option("--end", metavar="SECONDS", min=0, help="Where it ends.")],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="A name for people.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Cut a recording of its own out of a recording.

    It begins with the last key frame until then, and is FINISHING until it is made: `headwater media get` says how far
    it is.
    """
    with session() as client:
        _show(client.media.clip(media, start=seconds(start), end=seconds(end), name=name), as_json=as_json)


@app.command()
def downloads(media: Id, as_json: JsonOption = False) -> None:
    """List the files that were made of a recording."""
    with session() as client:
        found = list(client.media.downloads(media))
    if as_json:
        print_json({"downloads": found})
        return
    rows = [[one.get("format"), one.get("state"), f"{one.get('percent', 0):g} %", one.get("url")] for one in found]
    print_table(("format", "state", "done", "url"), rows)


@app.command("delete-download")
def delete_download(media: Id, file_format: Format = "MP4", as_json: JsonOption = False) -> None:
    """Delete a file, and not the recording."""
    with session() as client:
        client.media.delete_download(media, file_format)
    if as_json:
        print_json({})
    else:
        print(f"deleted {file_format} of {media}")


@app.command()
def download(
    media: Id,
    file_format: Format = "MP4",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; unset: <id>.mp4 here.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a recording as a file.

    It is made if it is not there yet, which takes a while.
    """
    path = output or Path(f"{media}.{file_format.lower()}")
    if not path.parent.is_dir():  # before it is made, which takes a while
        raise typer.BadParameter(f"{path}: No such file or directory")
    with session() as client:
        made = _wait(client, media, file_format)
        if made.get("state") == "FAILED":
            sys.stderr.write(f"headwater: the file could not be made: {made.get('error') or 'see log/archiver.log'}\n")
            raise typer.Exit(1)
        with writing(path) as file:
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
    card = {label: media.get(label) for label in labels}
    card |= {one.get("protocol", "playout"): one.get("url") for one in media.get("playouts", [])}
    for one in media.get("downloads", []):
        card |= {str(one.get("format")): one.get("url") or f"{one.get('state')}, {one.get('percent', 0):g} %"}
    print_card(card)
