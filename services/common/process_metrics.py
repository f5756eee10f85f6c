"""What a process tells of itself: CPU, memory, descriptors, who it is."""

import os
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from services.common import metrics
from services.common.clock import Clock

_PAGE = os.sysconf("SC_PAGE_SIZE")


def register(*, program: str, replica: str, clock: Clock) -> None:
    """From now on each scrape of this process shows these."""
    started = clock.now()
    metrics.gauge("headwater_info", program=program, replica=replica, version=headwater_version()).set(1)
    metrics.observe("process_cpu_seconds_total", time.process_time)
    metrics.observe("process_resident_memory_bytes", _resident_bytes)
    metrics.observe("process_open_fds", lambda: sum(1 for _ in Path("/proc/self/fd").iterdir()))
    metrics.observe("process_start_time_seconds", lambda: started)


def headwater_version() -> str:
    """The version that is running; "unknown" in a checkout that is not installed."""
    try:
        return version("headwater")
    except PackageNotFoundError:
        return "unknown"


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * _PAGE
