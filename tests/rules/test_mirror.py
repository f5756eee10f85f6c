"""Tests stand where one looks for them, and each of them says what it shows."""

import ast
from pathlib import PurePath

from tests.rules import tree
from tests.rules.purity import pure_files

TESTS = [name for name in tree.python_files("tests") if PurePath(name).name.startswith("test_")]


def test_pure_file_has_tests_of_its_own() -> None:
    """services/a/b.py is shown by tests/a/test_b.py, or by several test_b_*.py."""
    # Constants and plain records decide nothing: they are shown by those who use them.
    deciding = [name for name in pure_files() if tree.functions(name)]

    assert [f"{name}: no {_mirror(name)}.py" for name in deciding if not _tests_of(name)] == []


def _mirror(name: str) -> PurePath:
    path = PurePath(name)
    stem = path.parent.name if path.stem == "__init__" else path.stem
    return PurePath("tests", *path.parts[1:-1], f"test_{stem}")


def _tests_of(name: str) -> list[str]:
    mirror = str(_mirror(name))
    return [test for test in TESTS if test == f"{mirror}.py" or test.startswith(f"{mirror}_")]


def test_test_says_in_one_sentence_what_it_shows() -> None:
    """Each test has a docstring: the behaviour, so that a failure reads as a broken promise."""
    tests = [(name, f) for name in TESTS for f in tree.functions(name) if f.name.startswith("test_")]

    assert [f"{name}:{f.lineno} {f.name}" for name, f in tests if not ast.get_docstring(f)] == []


def test_file_of_tests_can_fail() -> None:
    """A file of tests asserts something."""
    assert [name for name in TESTS if not any(_demands(node) for node in ast.walk(tree.tree(name)))] == []


def _demands(node: ast.AST) -> bool:
    return isinstance(node, ast.Assert) or (
        isinstance(node, ast.Attribute) and node.attr in {"raises", "fail", "warns"}
    )


def test_nothing_is_imported_from_a_conftest() -> None:
    """A conftest.py holds fixtures; what is shared by import has a name of its own."""
    imported = [(name, module) for name in tree.python_files("tests") for module, _ in tree.imports(name)]

    assert [f"{name}: {module}" for name, module in imported if "conftest" in module.split(".")] == []
