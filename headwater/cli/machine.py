"""`headwater run` and `doctor`: what works on the checkout and not on the API."""

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Put the commands at the top level."""
    app.command()(run)
    app.command()(doctor)


def run(
    only: Annotated[
        str | None, typer.Option("--only", metavar="PROGRAM", help="Start one more of it beside a running system.")
    ] = None,
) -> None:
    """Start everything on this machine, until Ctrl-C."""
    find_services()
    from services.machine.run import run as run_machine  # noqa: PLC0415  keeps --help quick

    raise typer.Exit(run_machine(only))


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Say what is wrong on this machine.

    Exit code 1 if something is.
    """
    find_services()
    from services.machine.doctor import doctor as examine  # noqa: PLC0415  keeps --help quick

    raise typer.Exit(examine(as_json=as_json))


def find_services() -> None:
    """Make the checkout importable, or end with a word about what is missing."""
    checkout = Path(__file__).parents[2]
    if (checkout / "services" / "machine").is_dir():
        sys.path.insert(0, str(checkout))  # a script's path begins with its own folder, not with the working one
    elif find_spec("services") is None:
        sys.stderr.write("headwater: this needs a checkout of Headwater; here is only the client\n")
        raise typer.Exit(1)
