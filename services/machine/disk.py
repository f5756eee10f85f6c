"""Whether the disk has room for what the logs may still take."""

import shutil

from services.machine.finding import Finding, judged
from services.machine.part_nats import reserved_bytes, stored_bytes
from services.machine.settings import MachineSettings

_GB = 1000**3
_LEAST_BYTES = _GB
"""For everything else that is written under HEADWATER_HOME."""


def disk(settings: MachineSettings) -> Finding:
    """Wrong if less is free than our own nats-server may still fill with the logs."""
    home = settings.home.absolute()
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    wanted = _LEAST_BYTES
    if "nats" not in settings.outside:
        wanted = max(wanted, reserved_bytes(settings) - stored_bytes(home / "nats"))
    text = f"{free / _GB:.1f} GB free at {there}"
    advice = f"the logs may take {wanted / _GB:.1f} GB more: make room, or set HEADWATER_HOME to a larger disk"
    return judged("disk", free >= wanted, text, advice)
