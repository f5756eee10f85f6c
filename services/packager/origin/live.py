"""A live broadcast as playlists need it: a pure function of its ticks. Pure.

Origins that have read the same last tick say the same, whenever they started: what is listed follows from the states
in the log, and from no setting of the origin's own.
"""

import math
from dataclasses import replace

from headwater.internal.v1.cmaf_pb2 import Part as PartHead
from headwater.internal.v1.cmaf_pb2 import Rendition, State, Tick
from services.common.media.tick import LoggedTick
from services.common.media.unit import CLOCK_RATE
from services.packager.hls.blocking import Edge
from services.packager.hls.media_playlist import Hint, RenditionReport, Segment, ServerControl, Window
from services.packager.hls.multivariant import Multivariant
from services.packager.origin.gaps import LAG_US, LEAST_US, gap_begin_us, gap_lengths_us
from services.packager.origin.track import Track, init_path, listed_us, part_path, segment_path
from services.packager.origin.variants import multivariant
from services.packager.program.ledger import Ledger

SPARE_SEGMENTS = 4
"""Segments of a recorded broadcast whose bytes stay after they have left the list: players are still fetching them,
and the archiver may be a moment behind. Of one that is not recorded a whole window more stays, as RFC 8216bis 6.2.2
demands: nobody else has it."""

MATURE_SEGMENTS = 3
"""Closed ones that a player may look into before it plays."""

_US = 1_000_000


def _us(time: int, timescale: int) -> int:
    return round(time * _US / timescale)


class LiveProgram:
    """What a broadcast's ticks say so far."""

    def __init__(self, *, low_latency: bool) -> None:
        # The list ends where the last state in the log says, so the ledger itself is to let go of nothing.
        self.ledger = Ledger(State(), window_s=math.inf)
        self.tracks: dict[int, Track] = {}
        """By number, smallest first."""
        self.inits: dict[tuple[str, str], bytes] = {}
        """By rendition name and init id."""
        self.version = 0
        """Grows with each tick: what was rendered for an older one is stale."""
        self.oldest_kept = 0
        """Bytes of segments before this msn are gone."""
        self._low_latency = low_latency
        self._begin_us = 0
        """Wall clock at which the open segment begins."""

    @property
    def has_begun(self) -> bool:
        """True once a segment is closed: players take a playlist that has none for an error."""
        return any(track.closed for track in self.tracks.values())

    @property
    def has_ended(self) -> bool:
        return self.ledger.has_ended

    @property
    def open_msn(self) -> int:
        return self.ledger.msn

    def accepts(self, head: Tick) -> bool:
        """True if reading may go on with this tick: the first must have the state and stand between two segments."""
        return self.version > 0 or (head.HasField("state") and head.part == 0)

    def feed(self, tick: LoggedTick, sequences: list[int]) -> None:
        """Take the next tick, one that `accepts` allows."""
        head, msn = tick.head, tick.head.msn
        self.ledger.apply(head, sequences)
        self.version += 1
        if head.HasField("state"):
            self._note_state(head.state)
        if head.part == 0:
            self._note_begin(head)
        for track in self.tracks.values():
            track.open.said = len(track.open.parts)
        at = 0
        for part in head.parts:
            self._add_part(part, tick.data[at : at + part.length], head)
            at += part.length
        if head.ends_segment:
            self._close(msn)

    def _note_state(self, state: State) -> None:
        for rendition in state.renditions:
            self.tracks.setdefault(rendition.number, Track(rendition.name, rendition.number))
            self.tracks[rendition.number].end_time = rendition.next_decode_time
            self.inits[rendition.name, rendition.init_id] = rendition.init
        self.tracks = dict(sorted(self.tracks.items()))
        if state.window:
            self._let_go(state.window[0].msn)

    def _let_go(self, first: int) -> None:
        """List nothing before `first`, and keep the bytes of a few more."""
        listed = max((len(track.closed) for track in self.tracks.values()), default=0)
        spare = SPARE_SEGMENTS if self.ledger.is_kept(self.open_msn) else listed
        self.oldest_kept = max(self.oldest_kept, first - spare)
        for track in self.tracks.values():
            track.unlist(first)
            track.forget(self.oldest_kept)
        used = {(t.name, s.init_uri) for t in self.tracks.values() for s in t.closed}
        used |= {(r.name, init_path(r.name, r.init_id)) for r in self.ledger.state.renditions}
        self.inits = {key: data for key, data in self.inits.items() if (key[0], init_path(*key)) in used}

    def _add_part(self, part: PartHead, data: bytes, head: Tick) -> None:
        track, rendition = self.tracks[part.rendition], self.ledger.rendition(part.rendition)
        scale, end = rendition.timescale, part.decode_time + part.duration
        self._fill_before(track, rendition, part.decode_time, head)
        length_us = _us(end, scale) - _us(part.decode_time - part.moved, scale)
        track.add(head.msn, data, length_us, is_independent=part.independent)
        track.end_time = end

    def _fill_before(self, track: Track, rendition: Rendition, decode_time: int, head: Tick) -> None:
        """List what is missing between the rendition's last part and one that begins at this time."""
        begin_us, found = self._wall_us(decode_time, rendition.timescale), track.open
        last_us = self._end_us(track)
        if not found.parts:
            found.init_id = rendition.init_id
            found.date_us = max(begin_us, head.program_time_us) if rendition.kind == Rendition.VIDEO else begin_us
            last_us = gap_begin_us(last_us, self._begin_us, self.ledger.state.clock.wall_time_us)
            if begin_us - last_us > LEAST_US:
                found.date_us = last_us
        self._fill(track, rendition, begin_us - last_us, head.msn)

    def _fill(self, track: Track, rendition: Rendition, length_us: int, msn: int, *, least_us: int = LEAST_US) -> None:
        for part_us in gap_lengths_us(length_us, target_us=rendition.part_target_us, least_us=least_us):
            track.add(msn, b"", part_us, is_independent=False)

    def _wall_us(self, time: int, timescale: int) -> int:
        clock = self.ledger.state.clock
        return clock.wall_time_us + round((time / timescale - clock.program_time / CLOCK_RATE) * _US)

    def _note_begin(self, head: Tick) -> None:
        """When the open segment begins: its first tick has a part of the rendition that leads."""
        scales = {part.rendition: self.ledger.rendition(part.rendition).timescale for part in head.parts}
        begins = [self._wall_us(part.decode_time, scales[part.rendition]) for part in head.parts]
        self._begin_us = min(begins, default=head.program_time_us)

    def _close(self, msn: int) -> None:
        """End the segment in all renditions, filled up to the end of the one that lasts longest."""
        ends = {number: self._shown_end_us(track) for number, track in self.tracks.items() if track.open.parts}
        end_us = max(ends.values(), default=self._begin_us)
        for number, track in self.tracks.items():
            is_gap = not track.open.parts
            if is_gap:
                self._leave_out(track, end_us, msn)
            elif end_us - ends[number] > LAG_US:
                self._fill(track, self.ledger.rendition(number), end_us - ends[number], msn)
            track.settle()
            track.close(self._segment(track, msn, is_gap=is_gap))

    def _leave_out(self, track: Track, end_us: int, msn: int) -> None:
        """A segment of which a rendition has nothing."""
        state, rendition = self.ledger.state, self.ledger.rendition(track.number)
        begin_us = gap_begin_us(self._end_us(track), self._begin_us, state.clock.wall_time_us)
        most_us = state.target_duration_s * _US + _US // 2 - 1
        track.open.date_us, track.open.init_id = begin_us, rendition.init_id
        # However short: a segment that lists no part would say that its parts have been removed (6.2.2).
        self._fill(track, rendition, min(end_us - begin_us, most_us), msn, least_us=0)

    def _shown_end_us(self, track: Track) -> int:
        """When the last of its parts has been shown: pictures are cut by when they are decoded, and sound with them."""
        is_video = self.ledger.rendition(track.number).kind == Rendition.VIDEO
        return self._end_us(track) + (_us(self.ledger.state.source.delay, CLOCK_RATE) if is_video else 0)

    def _end_us(self, track: Track) -> int:
        return self._wall_us(track.end_time, self.ledger.rendition(track.number).timescale)

    def _segment(self, track: Track, msn: int, *, is_gap: bool) -> Segment:
        return Segment(
            msn=msn,
            uri=segment_path(track.name, msn),
            duration_us=track.open.length_us,
            init_uri=init_path(track.name, track.open.init_id),
            program_time_us=track.open.date_us,
            discontinuity_sequence=self.ledger.discontinuity_sequence,
            parts=tuple(track.open.parts),
            is_gap=is_gap,
        )

    # -- what is listed ---------------------------------------------------------------------------

    def track_named(self, name: str) -> Track | None:
        return next((track for track in self.tracks.values() if track.name == name), None)

    def _part_target_us(self, track: Track) -> int | None:
        return listed_us(self.ledger.rendition(track.number).part_target_us) if self._low_latency else None

    def edge(self, track: Track) -> Edge:
        """How far a rendition's playlist has come."""
        last = track.closed[-1] if track.closed else None
        return Edge(
            last_msn=last.msn if last else self.open_msn - 1,
            last_parts=len(last.parts) if last else 0,
            open_parts=len(track.open.parts),
            target_duration=self.ledger.state.target_duration_s,
            part_target_us=self._part_target_us(track),
            is_ended=self.has_ended,
        )

    def window(self, track: Track, *, is_at_edge: bool = False) -> Window:
        """What a rendition's playlist says now; once ended, to who `is_at_edge` and has followed it, or to others."""
        target_s, part_target_us = self.ledger.state.target_duration_s, self._part_target_us(track)
        segments = list(track.closed)
        if self.has_ended and is_at_edge:
            # hls.js knows that it has all when it has the last part: what it has read as parts has no other end.
            pass
        elif self.has_ended:
            # Parts go when the log goes, and a player may keep this last version for hours.
            segments = [replace(segment, parts=()) for segment in segments]
        elif track.open.parts or not segments:
            # Empty too where nothing is closed: its number is the playlist's then.
            segments.append(self._open(track))
        return Window(
            target_duration=target_s,
            segments=segments,
            part_target_us=part_target_us,
            control=ServerControl.for_targets(target_s, part_target_us),
            hints=self._hints(track),
            reports=tuple(self._report(other) for other in self.tracks.values() if other is not track),
            is_ended=self.has_ended,
        )

    def _hints(self, track: Track) -> tuple[Hint, ...]:
        """The part that comes next; none while no encoder is there, as perhaps none will come.

        Who has asked for a hinted part when the broadcast ends gets a 404, and what has just become a recording may
        have no error: Shaka 5.2 gives up over it (`Player.defaultStreamingFailureCallback_`).
        """
        if not self._low_latency or self.ledger.state.lost_since_us:
            return ()
        return (Hint("PART", part_path(track.name, self.open_msn, len(track.open.parts))),)

    def _open(self, track: Track) -> Segment:
        return Segment(
            msn=self.open_msn,
            uri=segment_path(track.name, self.open_msn),
            duration_us=0,
            init_uri=init_path(track.name, track.open.init_id or self.ledger.rendition(track.number).init_id),
            program_time_us=track.open.date_us if track.open.parts else None,
            discontinuity_sequence=self.ledger.discontinuity_sequence,
            parts=tuple(track.open.parts),
            is_closed=False,
        )

    def _report(self, other: Track) -> RenditionReport:
        """How far another playlist has come; of one whose last segment has no part, the first: ask for what follows."""
        uri = f"{other.name}.m3u8"
        last = other.closed[-1] if other.closed else None
        if other.open.parts or last is None:
            return RenditionReport(uri, self.open_msn, self._last_part(len(other.open.parts)))
        return RenditionReport(uri, last.msn, self._last_part(len(last.parts)))

    def _last_part(self, count: int) -> int | None:
        return max(count - 1, 0) if self._low_latency else None

    def multivariant(self, base: str) -> Multivariant:
        """The multivariant playlist; `base` leads from it to the media playlists."""
        closed = max((len(track.closed) for track in self.tracks.values()), default=0)
        is_young = self._low_latency and not self.has_ended and closed < MATURE_SEGMENTS
        return multivariant(list(self.ledger.state.renditions), base, is_young=is_young)
