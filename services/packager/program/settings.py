"""What an operator may set of programs. Pure."""

from dataclasses import dataclass, field

from services.packager.program.election import Limits
from services.packager.program.input_rules import GopLimits
from services.packager.program.pace import PaceSettings


@dataclass(frozen=True, slots=True)
class ProgramSettings:
    """Of each program alike; the rest is its livestream's."""

    pace: PaceSettings = field(default_factory=PaceSettings)
    limits: Limits = field(default_factory=Limits)
    gop: GopLimits = field(default_factory=GopLimits)
    longest_recording_s: float = 168 * 3600.0
    window_s: float = 30.0
    quiet_us: int = 2_000_000
    """With nothing from anybody for this long, what is pending is put out and the reconnect window begins."""
