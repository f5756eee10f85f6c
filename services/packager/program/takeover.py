"""What is left in the log for an heir, and how he reads it: design.md section 4, point 2. Pure."""

from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import Rendition, State
from services.common.media.unit import CLOCK_RATE, Codec, Config, Track
from services.packager.program.cutter import Cutter
from services.packager.program.election import OnAir
from services.packager.program.instance import Instance
from services.packager.program.lane import Lane
from services.packager.program.ledger import Ledger
from services.packager.program.ordering import NOWHERE, ConnectionOrder, Place
from services.packager.program.pace import Pace, longest_segment

INSTANCES = ("primary", "secondary")


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What a program goes on with."""

    instances: dict[str, Instance]
    cutter: Cutter | None
    on_air: OnAir | None
    offset: int
    is_break: bool


def inherit(ledger: Ledger, *, segment_min: int) -> Inheritance:
    """Everything that follows from the log: nothing if it is empty."""
    state = ledger.state
    if not state.renditions:
        # What was sent before it was published is not read again.
        is_midway = state.publish_time_us > 0
        fresh = {name: Instance(name, ConnectionOrder(is_midway=is_midway)) for name in INSTANCES}
        return Inheritance(fresh, None, None, 0, is_break=False)
    cutter = _cutter(ledger, segment_min)
    instances = {name: Instance(name, ConnectionOrder(is_midway=True)) for name in INSTANCES}
    source = state.source
    if source.is_closed:
        # What the closed connection sent is in the log already; only a later one counts.
        order = ConnectionOrder(expected=(source.connection + 1, 1))
        instances[source.instance] = Instance(source.instance, order)
        return Inheritance(instances, cutter, None, 0, is_break=True)
    order = ConnectionOrder(expected=(source.connection, ledger.head.position.next_n))
    instance = Instance(source.instance, order)
    instance.restart(source.connection)
    instance.is_on_air = True
    instances[source.instance] = instance
    return Inheritance(instances, cutter, OnAir(source.instance, source.connection), source.offset, is_break=False)


def mark_cuts(state: State, cutter: Cutter) -> None:
    """Note where the open segment began, and when a key frame is due to end it."""
    if cutter.segment_start is not None:
        state.segment_start = cutter.segment_start
    state.key_time, state.key_period = cutter.key_time or 0, cutter.key_period


def _cutter(ledger: Ledger, segment_min: int) -> Cutter:
    state, position = ledger.state, ledger.head.position
    pace = _pace(state, segment_min)
    cutter = Cutter(
        pace,
        segment_start=state.segment_start if ledger.is_segment_open else None,
        key_time=state.key_time or None,
        key_period=state.key_period,
    )
    cutter.delay = state.source.delay
    for rendition in state.renditions:
        track = Track.VIDEO if rendition.kind == rendition.VIDEO else Track.AUDIO
        codec = Codec.H264 if track is Track.VIDEO else Codec.AAC
        lane = Lane.open(Config(track, codec, rendition.config), rendition, video_frame=pace.frame)
        cursor = position.video if track is Track.VIDEO else position.audio
        if cursor.connection == state.source.connection:
            lane.cursor = Place(cursor.connection, cursor.n, cursor.unit)
            lane.is_joining = lane.cursor == NOWHERE
        if lane.is_joining:
            lane.join()
        cutter.lanes[track] = lane
    return cutter


def _pace(state: State, segment_min: int) -> Pace:
    """The lengths that the first packager chose: they are fixed for the broadcast."""
    targets = {r.kind: r.part_target_us * CLOCK_RATE // 1_000_000 for r in state.renditions}
    default = CLOCK_RATE // 3
    return Pace(
        target_duration_s=state.target_duration_s,
        segment_min=segment_min,
        segment_max=longest_segment(state.target_duration_s),
        video_part=targets.get(Rendition.VIDEO, default),
        audio_part=targets.get(Rendition.AUDIO, default),
        frame=state.frame_interval or CLOCK_RATE // 30,
    )
