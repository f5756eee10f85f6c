"""A command's way to the API: the client, and every expected failure as words and an exit code.

Exit codes: 1 the API refused, 2 the command was not understood, 3 nobody answers, 4 there is no such thing.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from headwater.client import Client

JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]

_ADVICE = {
    401: "Set HEADWATER_TOKEN, or HEADWATER_HOME to the folder of the running system (its admin-token is used).",
    403: "The token's scope or tenant does not allow this; `headwater tokens create --scope ADMIN` makes a wider one.",
    404: "`headwater livestreams list` and `headwater media list` show what there is.",
    412: "Somebody else has changed it meanwhile; read it again.",
    429: "Wait a little and try again.",
    501: "It comes later, or is not going to: docs/features.md says which.",
    503: "A part of the system is away; `headwater doctor` says which.",
}
_NOT_FOUND = 404


@contextmanager
def session() -> Iterator["Client"]:
    """The client of this machine or of HEADWATER_URL."""
    from headwater.client import Client  # noqa: PLC0415  keeps --help quick
    from headwater.client_errors import ApiError, UnreachableError  # noqa: PLC0415  see above

    try:
        yield Client()
    except ApiError as error:
        _tell(error.detail, *_fields(error.problem), _ADVICE.get(error.status, ""))
        raise typer.Exit(4 if error.status == _NOT_FOUND else 1) from None
    except UnreachableError as error:
        _tell(str(error), "Is it running? `headwater run` starts it; HEADWATER_URL names another one.")
        raise typer.Exit(3) from None


def _fields(problem: Any) -> list[str]:
    errors = problem.get("errors")
    if not isinstance(errors, list):
        return []
    found = [error for error in errors if isinstance(error, dict)]
    return [f"  {error.get('field', '')}: {error.get('detail') or error.get('message', '')}" for error in found]


def _tell(first: str, *rest: str) -> None:
    sys.stderr.write("\n".join([f"headwater: {first}", *filter(None, rest)]) + "\n")
