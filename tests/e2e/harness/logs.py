"""What the logs of a machine may not say."""

import json
from pathlib import Path

MOST_SHOWN = 2000


def accidents(folder: Path) -> list[str]:
    """Every traceback and every unhandled error that a program has logged, each with the file and the line's number."""
    found = []
    for path in sorted(folder.glob("*.log*")):
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if _is_accident(line):
                found.append(f"{path.name}:{number}: {_readable(line)[-MOST_SHOWN:]}")
    return found


def events(path: Path) -> list[dict[str, object]]:
    """The structured lines of one log."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.startswith("{")]


def _is_accident(line: str) -> bool:
    return "Traceback (most recent call last)" in line or "never retrieved" in line or "was never awaited" in line


def _readable(line: str) -> str:
    return line.replace("\\n", "\n")
