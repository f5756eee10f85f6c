"""No example in a document goes unlooked at: it is run, read, a picture, or says why not."""

import json
import re

from tests.rules import tree
from tests.rules.examples import PICTURES, READ, RUN, documents, examples

ALL = [example for document in documents() for example in examples(document)]
COMMAND = re.compile(
    r"^\$? ?(curl|docker|export|ffmpeg|headwater|helm|kubectl|make|pip|python3?|\.venv/bin/\w+) ", re.MULTILINE
)


def test_every_block_is_found() -> None:
    """One that is written another way would be passed over."""
    fences = {name: len(re.findall(r"^\s*(?:```|~~~)", tree.text(name), re.MULTILINE)) for name in documents()}
    assert fences == {name: 2 * len(examples(name)) for name in documents()}


def test_example_is_run_or_says_why_not() -> None:
    """Of a kind that the tests run or read, or marked."""
    strangers = [f"{one}: {one.kind}" for one in ALL if one.kind not in {*RUN, *READ, *PICTURES} and not one.reason]
    assert strangers == []


def test_picture_holds_no_command() -> None:
    """A block with commands in it is of the kind `sh`, so that they are run."""
    assert [str(one) for one in ALL if one.kind in PICTURES and COMMAND.search(one.text)] == []


def test_json_is_json() -> None:
    """Examples of bodies can be copied."""
    for one in ALL:
        if one.kind == "json":
            json.loads(one.text)
