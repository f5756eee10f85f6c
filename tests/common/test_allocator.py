"""What is freed is not paid for again."""

import platform
import subprocess
import sys

import pytest

_WORK = """
import resource
from services.common.allocator import keep_freed_memory
def come_and_go():
    return len([b"." * (1_000_000 + n) for n in range(4)])
{first}
come_and_go(), come_and_go()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    come_and_go()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def _faults(first: str) -> int:
    found = subprocess.run(
        [sys.executable, "-c", _WORK.format(first=first)], capture_output=True, text=True, check=True
    )
    return int(found.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another libc has no such knob")
def test_megabytes_that_come_and_go_are_not_fetched_from_the_kernel_each_time() -> None:
    """Twenty times four megabytes are about 20,000 pages, faulted in each time or once."""
    assert _faults("assert keep_freed_memory()") < _faults("") / 10
