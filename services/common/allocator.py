"""Memory that was freed is kept for a while: media come and go by the megabyte.

glibc gives the end of its heap back to the kernel as soon as a few messages in a row have been freed, and the next ones
are paid for page by page: a fifth of the archiver's time.
"""

import ctypes

KEPT_BYTES = 32 * 1024 * 1024
"""At most this much is kept free at the end of the heap; no more is gained by more at ten streams of 4 Mbit/s."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""mallopt(3). Whoever sets one must set both: either ends glibc's own adjusting of them."""


def keep_freed_memory() -> bool:
    """Tell the allocator so; False where it cannot be told (musl). MALLOC_TRIM_THRESHOLD_ is overruled."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, KEPT_BYTES)) and bool(mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES))
