"""How far the media log is in the CMAF log: what an heir must read again, and what it knows already. Pure."""

from collections.abc import Iterable, Sequence

from headwater.internal.v1.cmaf_pb2 import Position
from services.common.media.unit import Track
from services.packager.program.election import OnAir
from services.packager.program.instance import Instance
from services.packager.program.lane import Lane
from services.packager.program.ordering import Item


def mark_cursors(position: Position, lanes: dict[Track, Lane]) -> None:
    """Note the next unit of each track that is in no part."""
    for track, lane in lanes.items():
        cursor = position.video if track is Track.VIDEO else position.audio
        cursor.connection, cursor.n, cursor.unit = lane.cursor


def mark_reading(
    position: Position,
    waiting: Sequence[Item],
    instances: Iterable[Instance],
    *,
    on_air: OnAir | None,
    last_fed: int,
) -> None:
    """Note where reading begins again: at the first message of which something waits, or behind the `last_fed`."""
    needed = [item.sequence for item in waiting]
    for instance in instances:
        if (oldest := instance.oldest_sequence) is not None:
            needed.append(oldest)
        if on_air is None or instance.name != on_air.instance:
            continue
        ns = [item.place.n for item in waiting if item.place.connection == on_air.connection]
        if instance.connection == on_air.connection:
            ns.append(instance.oldest_n)
            if instance.closed_at is not None:
                # Its end is no news to us, but it would be to an heir until the state says so.
                needed.append(instance.closed_at[0])
                ns.append(instance.closed_at[1])
        position.next_n = min(ns, default=1)
    position.read_from = min(needed, default=last_fed + 1)
