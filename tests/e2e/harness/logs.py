"""What the logs of a machine may not say."""

import json
from pathlib import Path

MOST_SHOWN = 2000
LINES_AFTER = 45


def accidents(folder: Path) -> list[str]:
    """Every traceback and every lost error that a program has logged, each with its file and line."""
    found = []
    for path in sorted(folder.glob("*.log*")):
        lines = path.read_text(errors="replace").splitlines()
        for number, line in enumerate(lines):
            if _is_accident(line):
                after = lines[number : number + LINES_AFTER] if line.startswith("Traceback") else [line]
                found.append(f"{path.name}:{number + 1}: {_readable(chr(10).join(after))[-MOST_SHOWN:]}")
    return found


def events(path: Path) -> list[dict[str, object]]:
    """The structured lines of one log."""
    lines = path.read_text(errors="replace").splitlines() if path.exists() else []
    return [json.loads(line) for line in lines if line.startswith("{")]


def _is_accident(line: str) -> bool:
    return "Traceback (most recent call last)" in line or "never retrieved" in line or "was never awaited" in line


def _readable(line: str) -> str:
    return line.replace("\\n", "\n")
