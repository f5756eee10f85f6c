"""A program dies with the supervisor that started it, so that no orphan holds a port or a lease."""

import ctypes
import os
import signal

VARIABLE = "HEADWATER_PARENT_PID"

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """If HEADWATER_PARENT_PID names our parent, have the kernel kill us when it dies; SystemExit if it has already.

    To be called from the main thread before anything is opened. Without the variable it does nothing.
    """
    parent = os.environ.get(VARIABLE, "")
    if not parent.isdigit():
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != int(parent):
        raise SystemExit(f"headwater: the supervisor (pid {parent}) is gone")
