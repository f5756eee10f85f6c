"""`headwater signing-keys …` and `headwater playback-token`."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from headwater.cli.list_options import AfterOption, BeforeOption, OrderOption
from headwater.cli.output import print_card, print_json, print_table
from headwater.cli.session import JsonOption, session

app = typer.Typer(no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="ID", help="The key's id.")]


@app.command()
def create(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write the private half (PEM in base64)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Create a signing key; its private half is shown this once."""
    if output is not None:
        _begin(output)
    try:
        with session() as client:
            made = client.signing_keys.create()
    except typer.Exit:
        if output is not None:
            output.unlink()  # nothing is in it, and it would be in the way the next time
        raise
    if output is not None:
        output.write_text(made.pop("pem") + "\n")
        made = {name: value for name, value in made.items() if name != "jwk"} | {"path": str(output)}
    if as_json:
        print_json(made)
    else:
        print_card({label: made.get(label) for label in ("id", "createTime", "path", "pem", "jwk")})


def _begin(output: Path) -> None:
    """Before the key is made, which is shown only once."""
    try:
        output.touch(0o600, exist_ok=False)
    except OSError as error:
        raise typer.BadParameter(f"{output}: {error.strerror}") from None


@app.command("list")
def list_(
    *,
    after: AfterOption = None,
    before: BeforeOption = None,
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> None:
    """List signing keys, without their private halves."""
    with session() as client:
        found = list(client.signing_keys.list(after=after, before=before, orderBy=order))
    if as_json:
        print_json({"signingKeys": found})
    else:
        print_table(("id", "createTime"), [[one.get("id"), one.get("createTime")] for one in found])


@app.command()
def revoke(key: Key, as_json: JsonOption = False) -> None:
    """Revoke a key: all its tokens are refused from now on."""
    with session() as client:
        client.signing_keys.revoke(key)
    if as_json:
        print_json({})
    else:
        print(f"revoked {key}")


def playback_token(
    of: Annotated[str, typer.Argument(metavar="ID", help="A livestream's or a recording's id.")],
    *,
    hours: Annotated[
        float | None,
        typer.Option("--hours", metavar="HOURS", max=24, help="How long it is good, at most 24; unset: 1."),
    ] = None,
    downloadable: Annotated[bool, typer.Option("--downloadable", help="It permits downloads, too.")] = False,
    ip: Annotated[
        list[str] | None,
        typer.Option("--ip", metavar="NETWORK", help="Only from this address or network; may be repeated."),
    ] = None,
    country: Annotated[
        list[str] | None,
        typer.Option("--country", metavar="XX", help="Only from this country, two letters; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token with which one may watch what is protected."""
    fields: dict[str, Any] = {"downloadable": True} if downloadable else {}
    if hours is not None:
        fields["expireTime"] = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    if ip or country:
        fields["accessRules"] = _rules(ip or [], country or [])
    with session() as client:
        made = client.signing_keys.playback_token(of, **fields)
    if as_json:
        print_json(made)
    else:
        print(made["token"])


def _rules(ip: list[str], country: list[str]) -> list[dict[str, Any]]:
    """Whoever is in one of them may; nobody else."""
    rules: list[dict[str, Any]] = []
    if ip:
        rules.append({"type": "IP", "action": "ALLOW", "ip": ip})
    if country:
        rules.append({"type": "COUNTRY", "action": "ALLOW", "country": [each.upper() for each in country]})
    return [*rules, {"type": "ANY", "action": "BLOCK"}]
