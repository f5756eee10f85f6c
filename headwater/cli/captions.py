"""`headwater captions …`."""

from pathlib import Path
from typing import Annotated

import typer

from headwater.cli.files import Output, read, write
from headwater.cli.output import print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Media = Annotated[str, typer.Argument(metavar="MEDIA", help="The recording's id.")]
Language = Annotated[str, typer.Argument(metavar="LANGUAGE", help="Such as en or pt-BR.")]


@app.command("list")
def list_(media: Media, as_json: JsonOption = False) -> None:
    """List a recording's captions."""
    with session() as client:
        found = list(client.captions.list(media))
    if as_json:
        print_json({"captions": found})
        return
    columns = ("language", "label", "sizeBytes", "updateTime")
    print_table(columns, [[one.get(column) for column in columns] for one in found])


@app.command()
def get(media: Media, language: Language, output: Output = None) -> None:
    """Print the captions of a language."""
    with session() as client:
        write(client.captions.get(media, language), output)


@app.command("set")
def set_(
    media: Media,
    language: Language,
    path: Annotated[Path, typer.Argument(metavar="FILE", help="WebVTT, at most 10 MB.")],
    as_json: JsonOption = False,
) -> None:
    """Put captions in place of those of the language."""
    with session() as client:
        made = client.captions.put(media, language, read(path))
    if as_json:
        print_json(made)
    else:
        print(f"{made.get('language', language)}  {made.get('sizeBytes', 0)} bytes")


@app.command()
def delete(media: Media, language: Language, as_json: JsonOption = False) -> None:
    """Delete the captions of a language."""
    with session() as client:
        client.captions.delete(media, language)
    if as_json:
        print_json({})
    else:
        print(f"deleted {language}")
