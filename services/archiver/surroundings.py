"""What the parts of an archiver share."""

from dataclasses import dataclass

from services.archiver.counts import Counts
from services.archiver.repository import Recordings
from services.common.bus.facts import FactPublisher
from services.common.bus.log import Log
from services.common.clock import Clock
from services.common.playback import PlaybackRecords


@dataclass(frozen=True)
class Surroundings:
    """One archiver's stores, bus and clock."""

    recordings: Recordings
    playback: PlaybackRecords
    facts: FactPublisher
    counts: Counts
    clock: Clock
    purge_grace_s: float

    @property
    def now_us(self) -> int:
        """Unix time in microseconds."""
        return round(self.clock.now() * 1e6)


@dataclass(frozen=True)
class Logs:
    """The two logs of one shard."""

    shard: int
    media: Log
    cmaf: Log
