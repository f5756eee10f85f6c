"""Entry of `headwater run`: settings, then one machine or one more replica, and every expected failure in words."""

import asyncio
import errno
import sys

from services.common.settings_load import load_or_exit
from services.machine.home import HomeInUseError
from services.machine.listeners import ListenError, PortTakenError
from services.machine.machine import Machine
from services.machine.part import PartMissingError
from services.machine.replica import NotRunningError, Replica
from services.machine.settings import MachineSettings


def run(only: str | None = None) -> int:
    """Run until stopped; `only` names the one program of which to start one more. The answer is an exit code."""
    settings = load_or_exit(MachineSettings)
    try:
        if only is None:
            return asyncio.run(Machine(settings).run())
        return asyncio.run(Replica(settings, only).run())
    except HomeInUseError as error:
        sys.stderr.write(f"headwater: {error}; stop it first, or set HEADWATER_HOME to another folder\n")
    except (ListenError, PortTakenError, PartMissingError, NotRunningError) as error:
        sys.stderr.write(f"headwater: {error}\n")
    except OSError as error:  # no folder, not ours, read-only, full …
        where, is_full = error.filename or settings.home, error.errno in {errno.ENOSPC, errno.EDQUOT}
        advice = (
            "make room, or set HEADWATER_HOME to a larger disk" if is_full else "set HEADWATER_HOME to a folder of ours"
        )
        sys.stderr.write(f"headwater: {where}: {error.strerror}; {advice}\n")
    return 1
