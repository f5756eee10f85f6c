"""A command's way to the API: the client, and every expected failure as words, an advice and an exit code."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from headwater.errors import ApiError
    from headwater.rest.client import RestClient

JsonOption = Annotated[bool, typer.Option("--json", help="Print the API's JSON.")]

FAILED, NOT_UNDERSTOOD, AWAY, NOT_FOUND, NO_TOKEN, FORBIDDEN, INVALID, CONFLICT, LIMIT = range(1, 10)
"""Exit codes; docs/command-line.md has them as a table. NOT_UNDERSTOOD is what a wrong option ends with."""

CODES: Mapping[str, tuple[int, str]] = {
    "unauthenticated": (
        NO_TOKEN,
        "Set HEADWATER_TOKEN, or HEADWATER_HOME to the folder of the running system (its admin-token is used).",
    ),
    "forbidden": (
        FORBIDDEN,
        "The token's scope or tenant does not allow it. With one of scope ADMIN, `headwater tokens create` makes more.",
    ),
    "not-found": (
        NOT_FOUND,
        "`headwater livestreams list` and `headwater media list` show what there is in the token's tenant.",
    ),
    "invalid": (INVALID, "`--help` behind the command says what its options take."),
    "conflict": (CONFLICT, "It stands where this cannot be done, or is there already: `get` shows how it is now."),
    "limit": (LIMIT, "Wait a little and try again."),
    "unavailable": (AWAY, "A part of the system is away; `headwater doctor` on its machine says which."),
    "not-implemented": (FAILED, "It comes later, or is not going to: docs/features.md says which."),
    "internal": (FAILED, "The server's fault; log/api.log in its state folder says more."),
}
"""For each kind of refusal the exit code, and what to do."""


@contextmanager
def session() -> Iterator["RestClient"]:
    """The client of this machine or of HEADWATER_URL."""
    from headwater.errors import ApiError, HeadwaterError  # noqa: PLC0415  keeps --help quick
    from headwater.rest.client import RestClient  # noqa: PLC0415  see above

    try:
        yield RestClient()
    except ApiError as error:
        code, advice = CODES.get(error.kind, (FAILED, ""))
        request = f"(request {error.request_id})" if error.kind == "internal" else ""
        _tell(*_words(error), advice, request)
        raise typer.Exit(code) from None
    except HeadwaterError as error:
        _tell(str(error), "Is it running? `headwater run` starts it; HEADWATER_URL names another one.")
        raise typer.Exit(AWAY) from None


def _words(error: "ApiError") -> list[str]:
    """What the API said, with each field at fault; the first violation often is all of it."""
    fields = [f"{one.field}: {one.detail}" for one in error.violations]
    if len(fields) == 1 and error.detail in {fields[0], error.violations[0].detail}:
        return fields
    return [error.detail, *(f"  {field}" for field in fields if field != error.detail)]


def _tell(first: str, *rest: str) -> None:
    sys.stderr.write("\n".join([f"headwater: {first}", *filter(None, rest)]) + "\n")
