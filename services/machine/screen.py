"""What `headwater run` says to the person who started it: few lines, each worth reading."""

import json
import os
import signal
import sys
from contextlib import suppress
from typing import TextIO

from services.machine.home import Home
from services.machine.keeper import COULD_NOT_RUN
from services.machine.logfile import last_lines
from services.machine.settings import PRIVATE_TARGETS, MachineSettings

_LONGEST_REASON = 200


class Screen:
    """A Watcher that prints, and notes the same in log/supervisor.log."""

    def __init__(self, home: Home, out: TextIO | None = None) -> None:
        self._home = home
        self._out = out or sys.stdout
        self._quoted: set[str] = set()

    def say(self, line: str) -> None:
        with suppress(OSError), self._home.log_path("supervisor").open("a") as log:  # the disk is full
            log.write(f"{line}\n")
        with suppress(OSError):  # the terminal is gone, which is no reason to go off air
            self._out.write(f"{line}\n")
            self._out.flush()

    def died(self, name: str, code: int, *, restart_in_s: float, keeps_dying: bool) -> None:
        """Say so; quote its log the first time that it cannot keep alive."""
        when = f"in {restart_in_s:g} s" if restart_in_s else "at once"
        why = reason(last_lines(self._home.log_path(name), 1)) if code > 0 else ""
        self.say(f"{name} ended ({how(code)}{why}); started again {when}")
        if not keeps_dying:
            self._quoted.discard(name)
        elif name not in self._quoted:
            self._quoted.add(name)
            self.quote(name, f"{name} keeps dying. The end of {self._home.log_path(name)}:")

    def stopped(self, name: str, code: int) -> None:
        """It was on its way out anyway; how it went may explain what it left."""
        self.quote(name, f"{name} ended ({how(code)}) while it was being stopped. The end of its log:")

    def quote(self, name: str, heading: str) -> None:
        """Print the end of a program's log under `heading`."""
        self.say("\n".join([heading, *(f"    {line}" for line in last_lines(self._home.log_path(name)))]))


def reason(lines: list[str]) -> str:
    """`: ` and why a program of ours ended, where its last line says so; else nothing."""
    try:
        said = json.loads(lines[-1]) if lines else None
    except ValueError:
        return ""
    if not isinstance(said, dict) or said.get("event") != "program failed":
        return ""
    return f": {str(said.get('reason'))[:_LONGEST_REASON]}"


def how(code: int) -> str:
    """A return code in words."""
    if code == COULD_NOT_RUN:
        return "could not be started"
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def ready_block(home: Home, settings: MachineSettings, *, took_s: float) -> str:
    """The one block that says that everything runs, and where."""
    host = f"[{settings.public_host}]" if ":" in settings.public_host else settings.public_host
    # What api tells customers, where it is told so: a CDN's address, or a balancer's.
    rtmp = os.environ.get("HEADWATER_PUBLIC_RTMP_URL") or f"rtmp://{host}:{settings.port_of('rtmp')}/live"
    playback = os.environ.get("HEADWATER_PUBLIC_PLAYBACK_URL") or f"http://{host}:{settings.port_of('origin')}"
    rows = [
        ("Console", f"http://{host}:{settings.port_of('rest')}/"),
        ("API", f"http://{host}:{settings.port_of('rest')}/docs and grpc://{host}:{settings.port_of('grpc')}"),
        ("RTMP", rtmp),
        ("Playback", f"{playback.rstrip('/')}/<id>/watch"),
        ("Admin token", f"in {home.admin_token_path}"),
        ("Logs", f"{home.logs}/"),
    ]
    if settings.allows_private_targets:
        rows.append(("Targets", f"webhooks and outputs may lead to private addresses too ({PRIVATE_TARGETS}=allow)"))
    lines = [f"  {label:<12} {value}" for label, value in rows]
    return "\n".join(["", f"Headwater is ready ({took_s:.1f} s).", *lines, "", "Ctrl-C stops it.", ""])
