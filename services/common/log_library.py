"""structlog without rich, which only its own traceback for terminals needs: half of what loading it costs."""

from services.common.lean_imports import without

with without("rich"):
    import structlog
    from structlog import DropEvent
    from structlog.contextvars import bind_contextvars, bound_contextvars, get_contextvars, merge_contextvars
    from structlog.typing import FilteringBoundLogger, Processor

__all__ = [
    "DropEvent",
    "FilteringBoundLogger",
    "Processor",
    "bind_contextvars",
    "bound_contextvars",
    "get_contextvars",
    "merge_contextvars",
    "structlog",
]
