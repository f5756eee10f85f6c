"""What commands print: JSON as the API gave it, or a plain table."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_GAP = "  "


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under their headings, each column as wide as its widest cell; nothing but a word if there are no rows."""
    cells = [[clean(cell) for cell in row] for row in rows]
    if not cells:
        print("none")
        return
    lines = [[column.upper() for column in columns], *cells]
    widths = [max(len(line[place]) for line in lines) for place in range(len(columns))]
    for line in lines:
        print(_GAP.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def print_card(fields: Mapping[str, Any]) -> None:
    """One thing, a line each; what is empty is left out."""
    shown = {label: clean(value) for label, value in fields.items() if value not in (None, "", [], {})}
    width = max(map(len, shown), default=0)
    for label, value in shown.items():
        print(f"{label.ljust(width)}{_GAP}{value}")


def clean(value: Any) -> str:
    """A value as one line that cannot move the cursor, whatever a stranger has put into a name."""
    text = "-" if value in (None, "") else str(value)
    return "".join(character if character.isprintable() else "?" for character in text)
