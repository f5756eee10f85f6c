"""`headwater tokens …`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scope: Annotated[str, typer.Option("--scope", help="READ, WRITE or ADMIN.")] = "WRITE",
    days: Annotated[int | None, typer.Option("--days", min=1, help="Accept it for so long; unset: for ever.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a token; its secret is shown this once."""
    with session() as client:
        made = client.tokens.create(name, scope.upper(), expire_time=_in_days(days))
    if as_json:
        print_json(made)
    else:
        print_card({label: made.get(label) for label in ("id", "name", "scope", "tenantId", "expireTime", "secret")})


@app.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List tokens, without their secrets."""
    with session() as client:
        found = list(client.tokens.list())
    if as_json:
        print_json({"tokens": found})
    else:
        columns = ("id", "scope", "createTime", "lastUseTime", "expireTime", "name")
        print_table(columns, [[one.get(column) for column in columns] for one in found])


@app.command()
def delete(
    token: Annotated[str, typer.Argument(metavar="ID", help="The token's id.")], as_json: JsonOption = False
) -> None:
    """Delete a token: it opens nothing any more."""
    with session() as client:
        client.tokens.delete(token)
    if as_json:
        print_json({})
    else:
        print(f"deleted {token}")


def _in_days(days: int | None) -> str | None:
    return None if days is None else (datetime.now(UTC) + timedelta(days=days)).isoformat()
