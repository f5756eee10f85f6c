"""Files that commands read and write."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

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


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file that has all that was written, or is as it was; until then it is called `<path>.part`."""
    is_special = path.exists() and not path.is_file()  # a pipe, say
    place = path if is_special else path.with_name(f"{path.name}.part")
    try:
        with place.open("wb") as file:
            yield file
        place.replace(path)
    except OSError as error:
        raise typer.BadParameter(f"{path}: {error.strerror}") from None
    finally:
        if not is_special:
            place.unlink(missing_ok=True)
