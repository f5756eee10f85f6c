"""The process of a nursery (tests.servers.nursery): it has loaded a program, and becomes it whenever it is asked to.

Reads one JSON object a line (module, folder, environment, log), answers each with the new process's id, and says of
each that ends how. It ends with its input, and its children with it.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import select
import signal
import sys
from contextlib import suppress
from typing import Any

_PR_SET_PDEATHSIG = 1


def _say(**words: int) -> None:
    os.write(sys.stdout.fileno(), json.dumps(words).encode() + b"\n")


def _tell_who_ended() -> None:
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if not pid:
                return
            _say(ended=pid, status=os.waitstatus_to_exitcode(status))


def _become(order: dict[str, Any]) -> str:
    """In the child: what a process has that was started anew."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    os.setpgid(0, 0)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.closerange(3, 64)
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    gc.unfreeze()
    return str(order["module"])


def serve() -> str | None:
    """In a child, at once, the module that it is to run; in the nursery itself None, at the end."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    rest = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _tell_who_ended()
        if 0 in ready:
            data = os.read(0, 64 * 1024)
            if not data:
                return None
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:
                if not (pid := os.fork()):
                    return _become(json.loads(line))
                _say(started=pid)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        importlib.import_module(name)
    gc.freeze()  # what all share is not copied by looking for garbage
    module = serve()
    if module is not None:
        sys.argv = [module]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
