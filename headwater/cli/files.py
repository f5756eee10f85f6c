"""Files that commands read and write."""

import sys
from pathlib import Path
from typing import Annotated

import typer

Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Where to; unset: to standard output.")
]


def read(path: Path) -> bytes:
    """A file that the caller has named."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from None


def write(content: bytes, path: Path | None) -> None:
    """To a file, or to standard output for another program."""
    if path is None:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from None
    print(f"{path}  {len(content)} bytes")
