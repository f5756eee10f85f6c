"""`headwater thumbnails …`."""

import mimetypes
from pathlib import Path
from typing import Annotated

import typer

from headwater.cli.files import Output, read, write
from headwater.cli.output import print_json
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Livestream = Annotated[str, typer.Argument(metavar="LIVESTREAM", help="The livestream's id.")]


@app.command()
def get(livestream: Livestream, output: Output = None) -> None:
    """Fetch the picture that was uploaded."""
    with session() as client:
        write(client.thumbnails.get(livestream), output)


@app.command("set")
def set_(
    livestream: Livestream,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="JPEG, PNG or WebP, at most 10 MB.")],
    as_json: JsonOption = False,
) -> None:
    """Show a picture of yours instead of one taken from the stream."""
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    with session() as client:
        client.thumbnails.put(livestream, read(path), kind)
    if as_json:
        print_json({})
    else:
        print(f"{livestream} shows {path}")


@app.command()
def delete(livestream: Livestream, as_json: JsonOption = False) -> None:
    """Go back to a picture taken from the stream."""
    with session() as client:
        client.thumbnails.delete(livestream)
    if as_json:
        print_json({})
    else:
        print(f"deleted the thumbnail of {livestream}")
