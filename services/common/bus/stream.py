"""JetStream streams made to order: created if missing, brought up to date if not."""

from dataclasses import dataclass
from typing import Any

from services.common.bus.connection import Bus
from services.common.bus.errors import BusError, Refused, Unavailable
from services.common.bus.log import Log
from services.common.bus.wire import is_missing

_SECOND_NS = 1_000_000_000
_NO_ROOM = "err_code 10047"


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamConfig:
    """What a stream keeps and for how long. 0 seconds or bytes: no limit."""

    name: str
    subjects: tuple[str, ...]
    max_age_s: float = 0.0
    max_bytes: int = 0
    duplicate_window_s: float = 120.0
    replicas: int = 1
    max_per_subject: int = 0
    allow_rollup: bool = False

    def to_api(self) -> dict[str, Any]:
        """JetStream's own words for it (ADR-1): durations in nanoseconds, -1 for no limit."""
        return {
            "name": self.name,
            "subjects": list(self.subjects),
            "retention": "limits",
            "discard": "old",
            "storage": "file",  # a memory stream is gone after a restart of the server, its configuration too
            "num_replicas": self.replicas,
            "max_age": int(self.max_age_s * _SECOND_NS),
            "max_bytes": self.max_bytes or -1,
            "max_msgs_per_subject": self.max_per_subject or -1,
            "max_msgs": -1,
            "max_msg_size": -1,
            "max_consumers": -1,
            "duplicate_window": int(self.duplicate_window_s * _SECOND_NS),
            "allow_direct": True,
            "allow_rollup_hdrs": self.allow_rollup,
        }


async def ensure_stream(bus: Bus, config: StreamConfig) -> Log:
    """Create the stream or bring it to `config`; doing so twice, or from two programs at once, changes nothing.

    Errors: Refused where the server has it in a way that cannot be changed, or the values contradict; Unavailable, too,
    where the server has no room for the limits.
    """
    wanted = config.to_api()
    # One that is as it should be is left alone: the server would count the limits of both, and have no room.
    found = await _find(bus, config.name)
    if found is None:
        try:
            await bus.api(f"STREAM.CREATE.{config.name}", wanted)
        except (Refused, Unavailable) as error:
            found = await _find(bus, config.name)
            if found is None:  # else another program was faster
                raise _explained(error, config) from None
    if found is not None and any(found.get(key) != value for key, value in wanted.items()):
        await bus.api(f"STREAM.UPDATE.{config.name}", wanted)
    return Log(bus, config.name)


def _explained(error: BusError, config: StreamConfig) -> BusError:
    """Names the stream for which the server has no room, and what it asks for."""
    if _NO_ROOM not in str(error):
        return error
    return Unavailable(
        f"nats-server's disk has no room for stream {config.name}, {config.max_bytes / 1e9:g} GB: {error}"
    )


async def _find(bus: Bus, name: str) -> dict[str, Any] | None:
    """The configuration the stream has; None if it is not there."""
    try:
        answer = await bus.api(f"STREAM.INFO.{name}")
    except Refused as error:
        if is_missing(error):
            return None
        raise
    return dict(answer["config"])
