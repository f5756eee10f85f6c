"""`headwater tokens …`."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from headwater.cli.list_options import AfterOption, BeforeOption, NameOption, OrderOption
from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[
        Literal["READ", "WRITE", "ADMIN"],
        typer.Option("--scope", case_sensitive=False, help="Look; change; change tokens, too."),
    ] = "WRITE",
    days: Annotated[
        int | None,
        typer.Option("--days", metavar="DAYS", min=1, max=36_500, help="Accept it for so long; unset: for ever."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a token; its secret is shown this once."""
    with session() as client:
        made = client.tokens.create(name, scope, expire_time=_in_days(days))
    if as_json:
        print_json(made)
    else:
        print_card({label: made.get(label) for label in ("id", "name", "scope", "tenantId", "expireTime", "secret")})


@app.command("list")
def list_(
    *,
    name: NameOption = None,
    scope: Annotated[
        Literal["READ", "WRITE", "ADMIN"] | None, typer.Option("--scope", case_sensitive=False, help="Only of this.")
    ] = None,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List tokens, without their secrets."""
    with session() as client:
        found = list(client.tokens.list(name=name, scope=scope, after=after, before=before, orderBy=order))
    if as_json:
        print_json({"tokens": found})
    else:
        columns = ("id", "scope", "lastUseTime", "expireTime", "name")
        print_table(
            ("id", "scope", "last used", "ends", "name"), [[one.get(column) for column in columns] for one in found]
        )


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
