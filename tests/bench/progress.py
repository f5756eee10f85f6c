"""What is going on, said on standard error, so that standard output holds results alone."""

import sys
import time

_EACH_S = 10.0


def say(line: str) -> None:
    sys.stderr.write(f"bench: {line}\n")
    sys.stderr.flush()


def wait(seconds: float, doing: str) -> float:
    """Let time pass, saying now and then how much is left; the answer is how long it really took."""
    began = time.monotonic()
    while (left := began + seconds - time.monotonic()) > 0:
        say(f"{doing}: {left:.0f} s")
        time.sleep(min(left, _EACH_S))
    return time.monotonic() - began
