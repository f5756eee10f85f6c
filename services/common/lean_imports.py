"""Libraries of libraries that are not loaded: a program's start costs CPU, and what it loads it keeps in memory."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def without(name: str) -> Iterator[None]:
    """In the block `import name` fails, for a library that does without it then. What is loaded already stays."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # what the import system itself takes for "there is none"
    try:
        yield
    finally:
        del sys.modules[name]


@contextmanager
def hollow(name: str, *has: str) -> Iterator[None]:
    """In the block `from name import each` gives None, for a library that only passes it on. As above."""
    if name in sys.modules:
        yield
        return
    sys.modules[name] = stand_in = ModuleType(name)
    stand_in.__dict__.update(dict.fromkeys(has))
    try:
        yield
    finally:
        del sys.modules[name]
