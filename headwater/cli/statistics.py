"""`headwater statistics` and `headwater samples`."""

from itertools import islice
from typing import Annotated, Any, Literal

import typer

from headwater.cli.output import print_json, print_table
from headwater.cli.session import JsonOption, session

Id = Annotated[str, typer.Argument(metavar="ID", help="The livestream's id.")]


def statistics(livestream: Id, as_json: JsonOption = False) -> None:
    """Show who sends to a livestream and who watches it now."""
    with session() as client:
        figures = client.livestreams.statistics(livestream)
    if as_json:
        print_json(figures)
        return
    rows = [[row, *_counts(figures.get(row) or {})] for row in ("primary", "secondary", "sum")]
    print_table(["instance", "encoders", "viewers"], rows)


def samples(
    livestream: Id,
    instance: Annotated[
        Literal["primary", "secondary"], typer.Option("--instance", help="Of which instance.")
    ] = "primary",
    count: Annotated[int, typer.Option("--count", metavar="NUMBER", min=1, help="How many at most.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show a livestream's readings over time, newest first."""
    with session() as client:
        found = list(islice(client.livestreams.samples(livestream, instance), count))
    if as_json:
        print_json({"samples": found})
        return
    rows = [[one.get("createTime"), *_counts(one), _kbits(one)] for one in found]
    print_table(["time", "encoders", "viewers", "kbit/s"], rows)


def _counts(row: dict[str, Any]) -> tuple[int, int]:
    return int(row.get("rtmpConnections", 0)), int(row.get("hlsConnections", 0))


def _kbits(sample: dict[str, Any]) -> int:
    return round(float(sample.get("bitrateBps", 0)) / 1000)
