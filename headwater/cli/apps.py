"""`headwater apps …`."""

from typing import Annotated, Any

import typer

from headwater.cli.list_options import AfterOption, BeforeOption, NameOption, OrderOption
from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

_FIELDS = ("id", "name", "createTime")
_App = Annotated[str, typer.Argument(metavar="ID", help="The app's id.")]


@app.command()
def create(
    identifier: Annotated[str | None, typer.Argument(metavar="ID", help="Unset: one is drawn.")] = None,
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="For people.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Create an app."""
    with session() as client:
        made = client.apps.create(identifier, name=name)
    _show(made, as_json)


@app.command("list")
def list_(
    *,
    name: NameOption = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the apps of the tenant."""
    with session() as client:
        found = list(client.apps.list(name=name, after=after, before=before, orderBy=order))
    if as_json:
        print_json({"apps": found})
    else:
        print_table(_FIELDS, [[one.get(field) for field in _FIELDS] for one in found])


@app.command()
def get(identifier: _App, as_json: JsonOption = False) -> None:
    """Show an app."""
    with session() as client:
        found = client.apps.get(identifier)
    _show(found, as_json)


@app.command()
def delete(identifier: _App, as_json: JsonOption = False) -> None:
    """Delete an empty app."""
    with session() as client:
        client.apps.delete(identifier)
    if as_json:
        print_json({})
    else:
        print(f"deleted {identifier}")


def _show(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(found)
    else:
        print_card({field: found.get(field) for field in _FIELDS})
