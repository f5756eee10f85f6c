"""`headwater thumbnails …`."""

import mimetypes
from pathlib import Path
from typing import Annotated

import typer

from headwater.cli.files import Output, read, write
from headwater.cli.output import print_json
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The livestream's id, or with --media the media's.")]
IsMedia = Annotated[bool, typer.Option("--media", help="The id is a media's.")]


@app.command()
def get(of: Id, is_media: IsMedia = False, output: Output = None) -> None:
    """Fetch the picture that was uploaded."""
    with session() as client:
        write(client.thumbnails.get(of, is_media=is_media), output)


@app.command("set")
def set_(
    of: Id,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="JPEG, PNG or WebP, at most 10 MB.")],
    is_media: IsMedia = False,
    as_json: JsonOption = False,
) -> None:
    """Show a picture of yours instead of one taken from the stream."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    with session() as client:
        client.thumbnails.put(of, read(path), kind, is_media=is_media)
    if as_json:
        print_json({})
    else:
        print(f"{of} shows {path}")


@app.command()
def delete(of: Id, is_media: IsMedia = False, as_json: JsonOption = False) -> None:
    """Go back to a picture taken from the stream."""
    with session() as client:
        client.thumbnails.delete(of, is_media=is_media)
    if as_json:
        print_json({})
    else:
        print(f"deleted the thumbnail of {of}")
