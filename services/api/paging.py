"""Sizes of pages. Pure."""

DEFAULT = 50
LIMIT = 1000


def page_size(asked: int) -> int:
    """0 means the default; more than the limit is refused before it gets here, and cut in any case."""
    return min(asked, LIMIT) or DEFAULT
