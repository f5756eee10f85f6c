"""The figures of a livestream at one moment, out of what Redis holds. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from services.stats.changes import INSTANCES, UNKNOWN
from services.stats.figures import Counts

RTMP = (b"rtmp", b"rtmps")
"""What counts as a connection by RTMP."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Both instances' figures."""

    primary: Counts = field(default_factory=Counts)
    secondary: Counts = field(default_factory=Counts)
    unique_viewers: int = 0

    @property
    def sum(self) -> Counts:
        """Both together: every encoder, and the viewers of the program."""
        return Counts(
            self.primary.rtmp_connections + self.secondary.rtmp_connections,
            self.primary.hls_connections + self.secondary.hls_connections,
            self.primary.bitrate_bps + self.secondary.bitrate_bps,
        )

    def of(self, instance: str) -> Counts:
        return self.primary if instance == "primary" else self.secondary


@dataclass(frozen=True, slots=True)
class Program:
    """The newest broadcast of a livestream and the instance it comes from: "" once it has ended."""

    broadcast: str
    instance: str


@dataclass(frozen=True, slots=True)
class Encoders:
    """The encoders of one instance."""

    rtmp_connections: int = 0
    bitrate_bps: int = 0


def newest_program(members: Sequence[bytes]) -> Program | None:
    """Out of the members of `sources`, newest first. What has ended has ended, whatever else is said of it."""
    if not members:
        return None
    broadcast, _, instance = members[0].decode().partition(" ")
    return Program(broadcast, "" if f"{broadcast} ".encode() in members else instance)


def encoders_of(present: Collection[bytes], left: Collection[bytes], rates: Mapping[bytes, bytes]) -> Encoders:
    """Those present who have not left."""
    here = set(present).difference(left)
    rtmp = sum(member.partition(b"/")[0] in RTMP for member in here)
    return Encoders(rtmp, sum(int(rates.get(member, 0)) for member in here))


def reading(program: Program | None, encoders: Mapping[str, Encoders], viewers: int, uniques: int) -> Reading:
    """Viewers watch the program, so they count where it comes from; with no broadcast on air nobody watches it."""
    on_air = _on_air(program, encoders)
    primary, secondary = (
        Counts(encoders[name].rtmp_connections, viewers if name == on_air else 0, encoders[name].bitrate_bps)
        for name in INSTANCES
    )
    return Reading(primary, secondary, uniques)


def _on_air(program: Program | None, encoders: Mapping[str, Encoders]) -> str:
    if program is None:
        return ""
    if program.instance != UNKNOWN:
        return program.instance
    # Redis was emptied and the facts no longer reach back to the last change: where an encoder is, or nowhere.
    return next((name for name in INSTANCES if encoders[name].rtmp_connections), "")
