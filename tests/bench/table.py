"""What was measured, as a table for people and as data for programs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Cell = str | float | int | None


@dataclass(frozen=True)
class Table:
    """A heading, columns whose names carry the units, and rows."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]
    notes: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """For JSON: a row is an object; what was not measured is null."""
        rows = [dict(zip(self.columns, map(_plain, row), strict=True)) for row in self.rows]
        return {"title": self.title, "rows": rows, "notes": list(self.notes)}

    def text(self) -> str:
        """Aligned: words to the left, numbers to the right."""
        cells = [self.columns, *([show(cell) for cell in row] for row in self.rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.columns))]
        is_words = [all(isinstance(row[place], str) for row in self.rows) for place in range(len(self.columns))]
        lines = ["  ".join(_set(*cell) for cell in zip(row, widths, is_words, strict=True)).rstrip() for row in cells]
        rule = "-" * max(len(line) for line in lines)
        return "\n".join((self.title, rule, lines[0], rule, *lines[1:], *self.notes))


def show(cell: Cell) -> str:
    """A number with about three digits that mean something; "-" for what was not measured."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "-"
    if isinstance(cell, float):
        size = abs(cell)
        return f"{cell:,.0f}" if size >= 100 else f"{cell:.1f}" if size >= 10 else f"{cell:.2f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _set(text: str, width: int, is_words: bool) -> str:
    return text.ljust(width) if is_words else text.rjust(width)


def _plain(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
