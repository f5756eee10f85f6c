"""`headwater sessions` and `headwater usage`."""

from typing import Annotated

import typer

from headwater.cli.output import print_json, print_table
from headwater.cli.session import JsonOption, session

After = Annotated[str | None, typer.Option("--after", help="Only what began then or later (RFC 3339).")]
Before = Annotated[str | None, typer.Option("--before", help="Only what began before (RFC 3339).")]


def sessions(
    livestream: Annotated[str | None, typer.Option("--livestream", help="Only those of this livestream.")] = None,
    after: After = None,
    before: Before = None,
    as_json: JsonOption = False,
) -> None:
    """List broadcasts as use: how long they were sent and watched."""
    with session() as client:
        found = list(client.sessions.list(livestream=livestream, after=after, before=before))
    if as_json:
        print_json({"sessions": found})
        return
    columns = ("id", "startTime", "stopTime", "ingestSeconds", "viewerSeconds", "error")
    print_table(columns, [[one.get(column) for column in columns] for one in found])


def usage(after: After = None, before: Before = None, as_json: JsonOption = False) -> None:
    """Sum sessions up, by day and as a whole."""
    with session() as client:
        whole = client.sessions.usage(after=after, before=before)
    if as_json:
        print_json(whole)
        return
    rows = [*whole.get("days", []), {**whole, "date": "sum"}]
    columns = ("date", "sessionCount", "ingestSeconds", "viewerSeconds")
    print_table(columns, [[one.get(column) for column in columns] for one in rows])
