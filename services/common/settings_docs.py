"""Writes docs/configuration.md out of the settings classes: `python -m services.common.settings_docs [--check]`."""

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from services.common import ports
from services.common.settings import ServiceSettings, variable
from services.common.settings_catalog import COMMAND_LINE, HANDED_DOWN, settings_classes
from services.common.settings_types import Shifted, Spelling

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"

_INTRODUCTION = """\
# Configuration

Written by `python -m services.common.settings_docs`; do not edit.

Every setting is an environment variable with a default that works. A value that is wrong, or a `HEADWATER_` variable
that no program knows, ends a program at its start with status 2 and a line that names it. Durations are written
`250ms`, `10s`, `2m`, `1h30m` or as plain seconds; sizes `64MB`, `64MiB` or as plain bytes; rates `50Mbit/s`, `50M` or
as plain bits a second. A value can also come from a file named like the variable in lower case in the folder
`HEADWATER_SECRETS_DIR`, as secrets are mounted.

A default that holds a port moves by `HEADWATER_PORT_OFFSET`.
"""


def page(classes: Iterable[type[ServiceSettings]]) -> str:
    """The whole of docs/configuration.md."""
    others = "\n\n".join(
        (_listing("Handed down", HANDED_DOWN), _listing("Command line and Python client", COMMAND_LINE), _ports())
    )
    return f"{_INTRODUCTION}\n{settings_table(classes)}\n{others}\n"


def settings_table(classes: Iterable[type[ServiceSettings]]) -> str:
    """Markdown: one table of what all programs share and one for what each set of programs has beside that.

    ValueError if two programs describe one variable differently.
    """
    rows: dict[str, str] = {}
    readers: defaultdict[str, list[str]] = defaultdict(list)
    for cls in classes:
        for field in cls.model_fields.keys() - ServiceSettings.model_fields.keys():
            name, row = variable(cls, field), _row(cls, field)
            if rows.setdefault(name, row) != row:
                raise ValueError(f"{name} is described in two ways")
            readers[name].append(cls.program)
    shared = [_row(ServiceSettings, field) for field in ServiceSettings.model_fields]
    sections = [_section("Every program", shared)]
    for programs in sorted({tuple(names) for names in readers.values()}):
        own = [rows[name] for name in sorted(rows) if tuple(readers[name]) == programs]
        sections.append(_section(" and ".join(programs), own))
    return "\n".join(sections)


def _section(title: str, rows: Iterable[str]) -> str:
    return "\n".join((f"## {title}", "", "| variable | default | what it is |", "|---|---|---|", *rows, ""))


def _row(cls: type[ServiceSettings], field: str) -> str:
    info = cls.model_fields[field]
    if not info.description:
        raise ValueError(f"{cls.__qualname__}.{field} has no description")
    text = f"{info.description.replace('|', chr(92) + '|')}{_choices(info)}"
    return f"| `{variable(cls, field)}` | {_default(info)} | {text} |"


def _default(info: FieldInfo) -> str:
    value: Any = info.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if value is None or value == "":
        return "not set"
    for mark in info.metadata:
        if isinstance(mark, Spelling):
            value = mark.show(value)
    moved = " + offset" if any(isinstance(mark, Shifted) for mark in info.metadata) else ""
    return f"`{value}`{moved}"


def _choices(info: FieldInfo) -> str:
    words = [word for word in get_args(info.annotation) if isinstance(word, str)]
    is_optional = NoneType in get_args(info.annotation)
    return f" One of {', '.join(f'`{word}`' for word in words)}." if words and not is_optional else ""


def _listing(title: str, variables: Mapping[str, str]) -> str:
    rows = (f"| `{name}` | {text} |" for name, text in variables.items())
    return "\n".join((f"## {title}", "", "| variable | what it is |", "|---|---|", *rows))


def _ports() -> str:
    rows = (f"| {program} | {ports.metrics_port(program)} | {ports.grpc_port(program)} |" for program in ports.PROGRAMS)
    head = ("## Ports of each program", "", "| program | metrics | gRPC |", "|---|---|---|")
    return "\n".join((*head, *rows))


def main() -> int:
    """Write the page, or with --check say whether it is up to date."""
    wanted = page(settings_classes())
    if "--check" in sys.argv[1:]:
        is_current = PAGE.exists() and PAGE.read_text() == wanted
        if not is_current:
            sys.stderr.write("docs/configuration.md is out of date: python -m services.common.settings_docs\n")
        return 0 if is_current else 1
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(wanted)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
