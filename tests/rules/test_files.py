"""How large a file or a function may be, what it may be called, and what must not stand in it."""

import re
from pathlib import PurePath

from tests.rules import tree

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
# Drawers: if no better name comes, the content is two things.
DRAWERS = {"utils", "util", "helpers", "helper", "misc", "manager", "base", "core", "impl", "data", "info", "stuff"}
UNFINISHED = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX|HA" + r"CK)\b")
# Whoever builds this names his own mirror; an address here would be the wrong one for somebody.
REGISTRIES = re.compile(
    r"pypi\.(?:org|io)|pythonhosted\.org|registry\.(?:npmjs|yarnpkg)|npmjs\.org|proxy\.golang\.org|sum\.golang\.org"
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:work|root|home|Users)/\w")
BARE_NOQA = re.compile(r"#\s*noqa(?::\s*[A-Z]+[0-9]+(?:,\s*[A-Z]+[0-9]+)*)?\s*$")
RULES = "tests/rules/"


def test_file_is_short_enough_to_be_read_at_once() -> None:
    """A file that grows past the limit is two things and is split by noun."""
    assert [name for name in tree.python_files() if len(tree.text(name).splitlines()) > MAX_FILE_LINES] == []


def test_function_is_short_enough_to_be_read_at_once() -> None:
    """A function past the limit does two things."""
    functions = [(name, node) for name in tree.python_files() for node in tree.functions(name)]

    long = [
        f"{name}:{f.lineno} {f.name}" for name, f in functions if (f.end_lineno or 0) - f.lineno >= MAX_FUNCTION_LINES
    ]

    assert long == []


def test_no_file_is_a_drawer() -> None:
    """A file or folder is named by the thing it holds."""
    code = tree.python_files()

    drawers = [name for name in code if {PurePath(part).stem.strip("_") for part in PurePath(name).parts} & DRAWERS]

    assert drawers == []


def test_folder_of_a_service_says_what_it_owns() -> None:
    """Each folder with code has an __init__.py whose docstring says what belongs there."""
    folders = {str(PurePath(name).parent) for name in tree.python_files("services")} - {"services"}
    owners = {name for name in tree.python_files("services") if name.endswith("/__init__.py") and tree.docstring(name)}

    assert sorted(folder for folder in folders if f"{folder}/__init__.py" not in owners) == []


def test_module_says_what_it_owns() -> None:
    """Each file of services/ and headwater/ opens with a docstring."""
    silent = [name for name in tree.python_files("services", "headwater") if not tree.docstring(name)]

    assert silent == []


def test_nothing_is_left_for_later() -> None:
    """What is not done is an issue, and not a mark in the code."""
    assert _lines_with(UNFINISHED) == []


def test_no_registry_is_named() -> None:
    """Lock files and scripts carry versions and hashes and no addresses."""
    assert _lines_with(REGISTRIES) == []


def test_no_path_of_one_machine_is_named() -> None:
    """A checkout works wherever it lies."""
    assert _lines_with(MACHINE_PATHS) == []


def test_silenced_rule_has_its_reason_beside_it() -> None:
    """`noqa` names the rule and then says why."""
    assert [line for line in _lines_with(BARE_NOQA) if ".py:" in line] == []


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()[:100]}"
        for name in tree.files()
        if not name.startswith(RULES) and name != "LICENSE"
        for number, line in enumerate(tree.text(name).splitlines(), 1)
        if pattern.search(line)
    ]
