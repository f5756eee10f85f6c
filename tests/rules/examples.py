"""The fenced blocks of the documents: which of them can be run, and why the others are not.

A block of `sh` or `python` is run, one of `json` is read, and a picture (no word behind the fence, `text` or `mermaid`)
is neither. What cannot be run says so above it: `<!-- not run: the reason -->`.
"""

import re
from dataclasses import dataclass

from tests.rules import tree

RUN = ("sh", "python")
READ = ("json",)
PICTURES = ("", "text", "mermaid")

_BLOCK = re.compile(
    r"^(?:<!-- not run: (?P<reason>[^\n]+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)


@dataclass(frozen=True)
class Example:
    """One block of a document."""

    document: str
    line: int
    kind: str
    text: str
    reason: str
    """Why it is not run; empty if nothing is said."""

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


def documents() -> list[str]:
    """Those for users and for those who work on this; README.md first, for the others go on from it."""
    found = [name for name in tree.files() if name.endswith(".md") and "/" not in name.removeprefix("docs/")]
    return sorted(found, key=lambda name: (name != "README.md", name))


def examples(document: str) -> list[Example]:
    """The blocks of a document in their order."""
    text = tree.text(document)
    return [
        Example(
            document, text.count("\n", 0, found.start("kind")) + 1, found["kind"], found["text"], found["reason"] or ""
        )
        for found in _BLOCK.finditer(text)
    ]
