"""How lists are narrowed and sorted, the same for all of them."""

from typing import Annotated

import typer

NameOption = Annotated[str | None, typer.Option("--name", metavar="TEXT", help="Only names that contain this.")]
AfterOption = Annotated[
    str | None, typer.Option("--after", metavar="TIME", help="Only from then on, such as 2026-01-31T00:00:00Z.")
]
BeforeOption = Annotated[str | None, typer.Option("--before", metavar="TIME", help="Only from before then.")]
OrderOption = Annotated[
    str | None,
    typer.Option(
        "--order", metavar="FIELD", help='Sorted by this, such as name, or "create_time desc"; unset: newest first.'
    ),
]
