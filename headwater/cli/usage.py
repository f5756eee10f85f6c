"""`headwater sessions` and `headwater usage`."""

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

After = Annotated[str | None, typer.Option("--after", metavar="TIME", help="Only what began then or later (RFC 3339).")]
Before = Annotated[str | None, typer.Option("--before", metavar="TIME", help="Only what began before (RFC 3339).")]


def sessions(
    identifier: Annotated[str | None, typer.Argument(metavar="ID", help="Show this one alone.")] = None,
    *,
    livestream: Annotated[
        str | None, typer.Option("--livestream", metavar="ID", help="Only those of this livestream.")
    ] = None,
    after: After = None,
    before: Before = None,
    as_json: JsonOption = False,
) -> None:
    """List how long broadcasts were sent and watched."""
    with session() as client:
        if identifier is not None:
            _show(client.sessions.get(identifier), as_json=as_json)
            return
        found = list(client.sessions.list(livestream=livestream, after=after, before=before))
    if as_json:
        print_json({"sessions": found})
        return
    columns = ("id", "startTime", "ingestSeconds", "viewerSeconds", "error")
    print_table(("id", "start", "sent (s)", "watched (s)", "error"), [_row(one, columns) for one in found])


def usage(after: After = None, before: Before = None, as_json: JsonOption = False) -> None:
    """Sum sessions up, by day and as a whole."""
    with session() as client:
        whole = client.sessions.usage(after=after, before=before)
    if as_json:
        print_json(whole)
        return
    rows = [*whole.get("days", []), {**whole, "date": "sum"}]
    columns = ("date", "sessionCount", "ingestSeconds", "viewerSeconds")
    print_table(("date", "sessions", "sent (s)", "watched (s)"), [_row(one, columns) for one in rows])


def _row(one: dict[str, Any], columns: Sequence[str]) -> list[Any]:
    """Seconds to a tenth."""
    return [round(one.get(each) or 0, 1) if each.endswith("Seconds") else one.get(each) for each in columns]


def _show(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_card(found)
