"""Documents say what is: their links lead somewhere, and every setting stands in the table."""

import re
from pathlib import PurePath

from services.common.settings_catalog import known_variables, settings_classes
from tests.rules import tree

DOCUMENTS = [name for name in tree.files() if name.endswith(".md")]
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+\s+(.*?)\s*#*$", re.MULTILINE)
DOCUMENT_NAME = re.compile(r"(?<![\w./<-])((?:[\w-]+/)*[\w-]+\.md)\b")
SETTINGS_TABLE = "docs/configuration.md"


def _links(name: str) -> list[str]:
    return [a or b for a, b in LINK.findall(FENCE.sub("", tree.text(name)))]


def _anchors(name: str) -> set[str]:
    """The anchors of a document's headings, spelled as GitHub spells them."""
    headings = HEADING.findall(FENCE.sub("", tree.text(name)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _leads_nowhere(name: str, link: str) -> bool:
    if re.match(r"[a-z]+:", link):
        return False
    target, _, anchor = link.partition("#")
    path = (tree.ROOT / PurePath(name).parent / target).resolve() if target else tree.ROOT / name
    if not path.exists():
        return True
    return bool(anchor) and path.suffix == ".md" and anchor not in _anchors(str(path.relative_to(tree.ROOT)))


def test_link_inside_the_repository_leads_somewhere() -> None:
    """A relative link names a file that is there, and a heading that it has."""
    links = [(name, link) for name in DOCUMENTS for link in _links(name)]

    assert [f"{name}: {link}" for name, link in links if _leads_nowhere(name, link)] == []


def test_document_that_code_names_is_there() -> None:
    """A comment that sends its reader to a document sends him to one of ours."""
    known = {*DOCUMENTS, *(PurePath(document).name for document in DOCUMENTS)}
    code = [name for name in tree.python_files() if not name.startswith("tests/rules/")]
    named = [(name, document) for name in code for document in DOCUMENT_NAME.findall(tree.text(name))]

    assert [f"{name}: {document}" for name, document in named if document not in known] == []


def test_every_setting_stands_in_the_table() -> None:
    """docs/configuration.md, which is generated from the code, knows every variable that the code reads."""
    table = tree.text(SETTINGS_TABLE)

    assert [name for name in sorted(known_variables(settings_classes())) if f"`{name}`" not in table] == []


def test_table_names_no_setting_that_is_gone() -> None:
    """A variable in docs/configuration.md is one that some program reads."""
    named = set(re.findall(r"`(HEADWATER_[A-Z0-9_]+)`", tree.text(SETTINGS_TABLE)))

    assert named - known_variables(settings_classes()) == set()


def test_variable_of_the_client_is_known_to_programs() -> None:
    """A program refuses to start on a HEADWATER_ variable that nobody knows; the client's may stand beside it."""
    named = {
        name
        for file in tree.python_files("headwater")
        for name in re.findall(r"\bHEADWATER_[A-Z0-9_]+", tree.text(file))
    }

    assert named - known_variables(settings_classes()) == set()
