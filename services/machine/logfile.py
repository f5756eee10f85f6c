"""What a program wrote: one file each, bounded in size, its end quoted when the program dies."""

import shutil
from pathlib import Path

MAX_BYTES = 32 * 1024 * 1024
_TAIL_BYTES = 16 * 1024


def rotate(path: Path, *, max_bytes: int = MAX_BYTES) -> bool:
    """Move what lies in `path` to `<path>.1` once it is larger than `max_bytes`; True if it was.

    The file is copied and cut, not renamed, because its writer has it open; it writes in append mode, so that it goes
    on at the new end. What it writes between copy and cut is lost, which a log can bear.
    """
    if not path.exists() or path.stat().st_size <= max_bytes:
        return False
    kept = path.with_name(path.name + ".1")
    try:
        shutil.copyfile(path, kept)
    except OSError:  # the disk is full: what is cut makes room
        kept.unlink(missing_ok=True)
    with path.open("r+b") as file:
        file.truncate(0)
    return True


def last_lines(path: Path, count: int = 8) -> list[str]:
    """The last `count` lines of a log, without reading all of it; none if there is no such file."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-count:]
