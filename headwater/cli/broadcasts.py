"""`headwater broadcasts …`."""

from typing import Annotated

import typer

from headwater.cli.list_options import AfterOption, BeforeOption, OrderOption
from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Livestream = Annotated[str, typer.Argument(metavar="LIVESTREAM", help="The livestream's id.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="The broadcast's id.")]


@app.command("list")
def list_(
    livestream: Livestream,
    *,
    state: Annotated[str | None, typer.Option("--state", metavar="STATE", help="Only in this state: ended …")] = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List a livestream's broadcasts, newest first."""
    with session() as client:
        found = list(
            client.livestreams.broadcasts(
                livestream, states=state and state.upper(), after=after, before=before, orderBy=order
            )
        )
    if as_json:
        print_json({"broadcasts": found})
        return
    columns = ("id", "state", "startTime", "endTime", "endReason")
    print_table(("id", "state", "start", "end", "why"), [[one.get(column) for column in columns] for one in found])


@app.command()
def get(livestream: Livestream, broadcast: Id, as_json: JsonOption = False) -> None:
    """Show one broadcast and what happened in it."""
    with session() as client:
        found = client.livestreams.broadcast(livestream, broadcast)
    if as_json:
        print_json(found)
        return
    labels = ("id", "livestreamId", "state", "startTime", "endTime", "endReason", "sourceInstance", "sourceReason")
    print_card({label: found.get(label) for label in labels})
    columns = ("time", "kind", "instance", "reason")
    print_table(columns, [[one.get(column) for column in columns] for one in found.get("history", [])])
