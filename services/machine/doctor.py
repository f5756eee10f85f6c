"""`headwater doctor`: what is wrong on this machine, in words."""

import asyncio
import os
import sys

from services.common.settings_load import load_or_exit
from services.machine import finding
from services.machine.doctor_machine import machine_findings
from services.machine.doctor_system import log_findings, part_findings, port_findings, program_findings
from services.machine.finding import Finding, Verdict
from services.machine.home import Home
from services.machine.programs import PROGRAMS
from services.machine.settings import MachineSettings


def doctor(*, as_json: bool = False) -> int:
    """Print what was found; 1 if something is wrong, 2 for a bad setting."""
    settings = load_or_exit(MachineSettings)
    findings = asyncio.run(examine(settings))
    shown = finding.as_json(findings) if as_json else finding.as_text(findings)
    sys.stdout.write(f"{shown}\n")
    return int(any(one.verdict is Verdict.WRONG for one in findings))


async def examine(settings: MachineSettings) -> list[Finding]:
    """Everything the doctor looks at, in the order in which it is shown."""
    found = list(machine_findings(settings))
    if any(one.subject == "home" and one.verdict is Verdict.WRONG for one in found):
        return found + await part_findings(os.environ)  # nothing runs there
    home = Home(settings.home)
    environment = home.environment()
    if environment is None or not home.is_held():
        found.append(Finding("system", Verdict.NOTE, f"not running on {home.path}", "`headwater run` starts it"))
        found += port_findings(settings)
        return found + await part_findings(os.environ)
    running = settings.model_copy(update={"port_offset": int(environment["HEADWATER_PORT_OFFSET"])})
    found.append(Finding("system", Verdict.OK, f"running on {home.path}"))
    found += await part_findings(environment)
    for program in PROGRAMS:
        if program.is_there:
            found += await program_findings(home, running, program)
    return found + await log_findings(running)
