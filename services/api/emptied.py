"""What an update empties without a mask: "", false, 0, [] and {} are there in JSON, and in a message as if left out.

The HTTP edge says which it has read, servicers ask. A gRPC client names what it empties in its mask.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_names: ContextVar[frozenset[str]] = ContextVar("emptied", default=frozenset())


def emptied() -> frozenset[str]:
    """The paths that the present request's body empties, spelled as in a mask."""
    return _names.get()


@contextmanager
def emptying(names: Iterable[str]) -> Iterator[None]:
    """What runs inside carries out a request whose body empties these."""
    reset = _names.set(frozenset(names))
    try:
        yield
    finally:
        _names.reset(reset)
