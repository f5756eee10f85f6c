"""What all encoders of one ingest share, and what an encoder says of itself."""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.common.bus.facts import FactPublisher
from services.common.clock import Clock
from services.common.spine import Spine
from services.ingest.batcher import BatchLimits
from services.ingest.keys import KeyBook
from services.ingest.media_log import LogLimits, MediaLogWriter
from services.ingest.on_air import OnAirBook


@dataclass(frozen=True)
class Edge:
    """An ingest as its encoders see it."""

    name: str
    spine: Spine
    keys: KeyBook
    on_air: OnAirBook
    facts: FactPublisher
    clock: Clock
    batch: BatchLimits
    log_limits: LogLimits
    max_bitrate: int
    """Bits a second one encoder may send."""
    refuses_codecs: bool
    """Sound in a codec that is not taken ends a connection; else it goes unheard."""
    on_drop: Callable[[int], None]
    """Told how many units were dropped."""
    writers: dict[str, MediaLogWriter] = field(default_factory=dict)
    """The newest writer of each subject, until it has written its last message."""


@dataclass(frozen=True, slots=True)
class Introduction:
    """What an encoder says of itself; `candidates` is what may be its stream key."""

    candidates: tuple[str, ...] = field(repr=False)
    protocol: str
    remote_address: str
    software: str
    is_here: Callable[[], bool] = field(default=lambda: True, repr=False, compare=False)
    """False once it has hung up: one that waited for NATS in vain must not push aside who has come since."""
