"""docs/dialects.md has a row for each endpoint, and says of it what the tables of routes say."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.api.dialects.endpoint import Absent, Dialect
from services.api.dialects.spoken import DIALECTS

BOOK = (Path(__file__).parents[3] / "docs/dialects.md").read_text()
SECTIONS = {"cloudinary": "Cloudinary", "stream": "Stream", "realtimekit": "RealtimeKit", "streamdiver": "Streamdiver"}
ROW = re.compile(r"^\| `((?:[A-Z]+ )+)(/\S*)` \| (same|differs: .+?|501, later|501, not ours)(?:[;:] .+)? \|$")
WORDS = {Absent.LATER: "501, later", Absent.NEVER: "501, not ours"}
WRITTEN = [dialect for dialect in DIALECTS if dialect.name in SECTIONS]


def rows(section: str) -> Iterator[tuple[str, str]]:
    """Each endpoint with the word that stands beside it."""
    lines = BOOK.partition(f"\n## {section}\n")[2].partition("\n## ")[0].splitlines()
    for line in lines:
        if line.startswith("| `"):
            found = ROW.match(line)
            assert found, f"no row of an endpoint: {line}"
            for verb in found[1].split():
                yield f"{verb} {found[2]}", found[3]


@pytest.mark.parametrize("dialect", WRITTEN, ids=lambda dialect: dialect.name)
def test_every_endpoint_has_one_row(dialect: Dialect) -> None:
    """And there is no row of what is not there."""
    served = [f"{each.verb} {each.path.removeprefix('/{app}') or '/'}" for each in dialect.endpoints]

    assert sorted(name for name, _ in rows(SECTIONS[dialect.name])) == sorted(served)


@pytest.mark.parametrize("dialect", WRITTEN, ids=lambda dialect: dialect.name)
def test_row_of_what_is_absent_says_why(dialect: Dialect) -> None:
    """Later, or not ours; and of nothing else."""
    told = {name: word for name, word in rows(SECTIONS[dialect.name]) if word.startswith("501")}
    absent = {
        f"{each.verb} {each.path.removeprefix('/{app}') or '/'}": WORDS[each.absent]
        for each in dialect.endpoints
        if each.absent is not None
    }

    assert told == absent


def test_dialect_without_rows_is_another_ones_twin() -> None:
    """Dyte's endpoints are RealtimeKit's, less the apps."""
    of = {dialect.name: {(e.verb, e.path.removeprefix("/{app}")) for e in dialect.endpoints} for dialect in DIALECTS}

    assert of.keys() - SECTIONS.keys() == {"dyte"}
    assert of["realtimekit"] - of["dyte"] == {("GET", "/apps"), ("POST", "/apps")}
    assert of["dyte"] <= of["realtimekit"]
