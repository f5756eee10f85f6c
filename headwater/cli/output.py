"""What commands print: JSON as the API gave it, or a plain table."""

import json
import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_GAP = "  "
_WIDTH = 100
"""A table is not wider than this, or than the terminal if that is wider."""
_NARROWEST = 12
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z")
_UNSET = re.compile(r"[A-Z]+_UNSPECIFIED")
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")
_ID = re.compile(r"[0-9a-f]{32}")


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Rows under their headings, each column as wide as its widest cell; nothing but a word if there are no rows.

    Where that is too wide texts are cut; ids never are.
    """
    cells = [[clean(cell) for cell in row] for row in rows]
    if not cells:
        print("none")
        return
    lines = [[_WORD.sub(" ", column).upper() for column in columns], *cells]
    widths = _fitting([[line[place] for line in lines] for place in range(len(columns))])
    for line in lines:
        fitted = (_cut(cell, width).ljust(width) for cell, width in zip(line, widths, strict=True))
        print(_GAP.join(fitted).rstrip())


def print_card(fields: Mapping[str, Any]) -> None:
    """One thing, a line each; what is empty is left out."""
    shown = {label: clean(value) for label, value in fields.items() if value not in (None, "", [], {})}
    width = max(map(len, shown), default=0)
    for label, value in shown.items():
        print(f"{label.ljust(width)}{_GAP}{value}")


def clean(value: Any) -> str:
    """A value as one line that cannot move the cursor, whatever a stranger has put into a name."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = "-" if value in (None, "") else str(value)
    if _UNSET.fullmatch(text):
        return "-"
    if moment := _TIME.fullmatch(text):
        return f"{moment[1]} {moment[2]}Z"
    return "".join(character if character.isprintable() else "?" for character in text)


def _fitting(columns: Sequence[Sequence[str]]) -> list[int]:
    """The widths of columns, the widest ones made narrower until all fit."""
    widths = [max(map(len, column)) for column in columns]
    limit = max(_WIDTH, shutil.get_terminal_size((_WIDTH, 24)).columns)
    narrow = [place for place, column in enumerate(columns) if not any(map(_ID.fullmatch, column))]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > limit:
        widest = max(narrow, key=lambda place: widths[place], default=None)
        if widest is None or widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return widths


def _cut(cell: str, width: int) -> str:
    return cell if len(cell) <= width else cell[: width - 1] + "…"
