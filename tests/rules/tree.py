"""The files of the repository as git sees them, and Python files as syntax trees, read once a session."""

import ast
import functools
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@functools.cache
def files() -> tuple[str, ...]:
    """What is committed or would be: paths relative to the root, without what .gitignore names."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    return tuple(sorted({name for name in listed if name and (ROOT / name).is_file()}))


def python_files(*roots: str) -> list[str]:
    """The Python files below the given folders, or all of them."""
    wanted = tuple(f"{root}/" for root in roots) or ("",)
    return [name for name in files() if name.endswith(".py") and name.startswith(wanted)]


@functools.cache
def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


@functools.cache
def tree(name: str) -> ast.Module:
    return ast.parse(text(name), filename=name)


@functools.cache
def functions(name: str) -> tuple[ast.FunctionDef | ast.AsyncFunctionDef, ...]:
    """All functions and methods of a file."""
    return tuple(node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def docstring(name: str) -> str:
    return ast.get_docstring(tree(name)) or ""


def module(name: str) -> str:
    """How the file is imported: services/api/app.py is services.api.app."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@functools.cache
def imports(name: str) -> tuple[tuple[str, int], ...]:
    """The modules a file imports when it runs, with their lines; not those only type checkers read."""
    return tuple(_imports(tree(name)))


def _imports(node: ast.AST) -> Iterator[tuple[str, int]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and ast.unparse(child.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            continue
        if isinstance(child, ast.Import):
            yield from ((alias.name, child.lineno) for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.level == 0 and child.module:
            yield from ((f"{child.module}.{alias.name}", child.lineno) for alias in child.names)
        else:
            yield from _imports(child)


def is_within(imported: str, package: str) -> bool:
    """Whether an imported name is a package or something inside it."""
    return imported == package or imported.startswith(f"{package}.")


def source_of(imported: str) -> str | None:
    """The file of ours that an imported name lies in, if it is ours."""
    parts = imported.split(".")
    for length in range(len(parts), 0, -1):
        stem = "/".join(parts[:length])
        for name in (f"{stem}.py", f"{stem}/__init__.py"):
            if name in files():
                return name
    return None
