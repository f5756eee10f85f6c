"""A live broadcast as playlists need it: a pure function of its ticks. Pure.

Origins that have read the same ticks say the same, whenever they started: what is listed follows from the ledger, which
is the packager's own, and from nothing else.
"""

from dataclasses import dataclass, field

from headwater.internal.v1.cmaf_pb2 import Part as PartHead
from headwater.internal.v1.cmaf_pb2 import Rendition, State, Tick
from services.common.media.tick import LoggedTick
from services.packager.hls.blocking import Edge
from services.packager.hls.media_playlist import Hint, Part, RenditionReport, Segment, ServerControl, Window
from services.packager.hls.multivariant import AudioRendition, Multivariant, Variant
from services.packager.program.ledger import Ledger

AUDIO_GROUP = "sound"


def init_path(name: str, init_id: str) -> str:
    """Of an init segment, from the media playlist."""
    return f"{name}/init-{init_id}.mp4"


def segment_path(name: str, msn: int) -> str:
    return f"{name}/{msn}.m4s"


def part_path(name: str, msn: int, index: int) -> str:
    return f"{name}/{msn}.{index}.m4s"


def _us(time: int, timescale: int) -> int:
    return round(time * 1_000_000 / timescale)


@dataclass(slots=True)
class Track:
    """One rendition's listed segments and their bytes."""

    name: str
    number: int
    closed: list[Segment] = field(default_factory=list)
    open_parts: list[Part] = field(default_factory=list)
    open_date_us: int = 0
    open_init: str = ""
    bytes_of: dict[int, list[bytes]] = field(default_factory=dict)
    """By msn: the parts' bytes in order."""

    def segment_bytes(self, msn: int) -> list[bytes] | None:
        """The bytes of a closed segment, part by part."""
        if msn in self.bytes_of and self.closed and self.closed[-1].msn >= msn:
            return self.bytes_of[msn] or None
        return None

    def part_bytes(self, msn: int, index: int) -> bytes | None:
        parts = self.bytes_of.get(msn, [])
        return parts[index] if index < len(parts) else None


class LiveProgram:
    """What a broadcast's ticks say so far. The first tick fed must have state."""

    def __init__(self, *, window_s: float, low_latency: bool) -> None:
        self.ledger = Ledger(State(), window_s=window_s)
        self.tracks: dict[int, Track] = {}
        self.inits: dict[tuple[str, str], bytes] = {}
        """By rendition name and init id."""
        self._low_latency = low_latency
        self._discontinuity_sequence = 0
        self.version = 0
        """Grows with each tick: what was rendered for an older one is stale."""

    @property
    def has_begun(self) -> bool:
        return any(track.closed or track.open_parts for track in self.tracks.values())

    @property
    def has_ended(self) -> bool:
        return self.ledger.has_ended

    @property
    def open_msn(self) -> int:
        return self.ledger.msn

    def feed(self, tick: LoggedTick, sequences: list[int]) -> None:
        """Take the next tick."""
        head = tick.head
        msn = head.msn
        self.ledger.apply(head, sequences)
        self.version += 1
        if head.HasField("state"):
            self._note_renditions(head.state)
        self._discontinuity_sequence = head.discontinuity_sequence
        at = 0
        for part in head.parts:
            self._add_part(part, tick.data[at : at + part.length], head)
            at += part.length
        if head.ends_segment:
            self._close(msn)

    def _note_renditions(self, state: State) -> None:
        for rendition in state.renditions:
            self.tracks.setdefault(rendition.number, Track(rendition.name, rendition.number))
            self.inits[rendition.name, rendition.init_id] = rendition.init

    def _add_part(self, part: PartHead, data: bytes, head: Tick) -> None:
        track, rendition = self.tracks[part.rendition], self.ledger.rendition(part.rendition)
        index = len(track.open_parts)
        if index == 0:
            track.open_date_us = head.program_time_us
            track.open_init = rendition.init_id
        track.bytes_of.setdefault(head.msn, []).append(data)
        scale = rendition.timescale
        length_us = _us(part.decode_time + part.duration, scale) - _us(part.decode_time, scale)
        track.open_parts.append(Part(part_path(track.name, head.msn, index), length_us, part.independent))

    def _close(self, msn: int) -> None:
        longest = max((sum(p.duration_us for p in t.open_parts) for t in self.tracks.values()), default=0)
        date_us = max((t.open_date_us for t in self.tracks.values() if t.open_parts), default=0)
        for track in self.tracks.values():
            if longest:
                track.closed.append(self._segment(track, msn, longest, date_us))
            track.open_parts = []
        first = self.ledger.state.window[0].msn if self.ledger.state.window else msn
        for track in self.tracks.values():
            gone = [s.msn for s in track.closed if s.msn < first]
            del track.closed[: len(gone)]
            for old in gone:
                # One window more than listed: players fetch what they read of a moment ago.
                track.bytes_of.pop(old - len(track.closed), None)
        self._forget_inits()

    def _segment(self, track: Track, msn: int, longest_us: int, date_us: int) -> Segment:
        """A closed segment; a rendition that had nothing to say meanwhile has a gap of the same length."""
        is_gap = not track.open_parts
        return Segment(
            msn=msn,
            uri=segment_path(track.name, msn),
            duration_us=sum(part.duration_us for part in track.open_parts) or longest_us,
            init_uri=init_path(track.name, track.open_init or self.ledger.rendition(track.number).init_id),
            program_time_us=track.open_date_us if not is_gap else date_us,
            discontinuity_sequence=self._discontinuity_sequence,
            parts=tuple(track.open_parts),
            is_gap=is_gap,
        )

    def _forget_inits(self) -> None:
        used = {(t.name, s.init_uri) for t in self.tracks.values() for s in t.closed}
        current = {(r.name, init_path(r.name, r.init_id)) for r in self.ledger.state.renditions}
        self.inits = {
            (name, init_id): data
            for (name, init_id), data in self.inits.items()
            if (name, init_path(name, init_id)) in used | current
        }

    # -- what is listed ---------------------------------------------------------------------------

    def track_named(self, name: str) -> Track | None:
        return next((track for track in self.tracks.values() if track.name == name), None)

    def edge(self, track: Track) -> Edge:
        """How far a rendition's playlist has come."""
        last = track.closed[-1] if track.closed else None
        rendition = self.ledger.rendition(track.number)
        return Edge(
            last_msn=last.msn if last else self.open_msn - 1,
            last_parts=len(last.parts) if last else 0,
            open_parts=len(track.open_parts),
            target_duration=self.ledger.state.target_duration_s,
            part_target_us=rendition.part_target_us if self._low_latency else None,
            is_ended=self.has_ended,
        )

    def window(self, track: Track) -> Window:
        """What a rendition's playlist says now."""
        state = self.ledger.state
        target_us = self.ledger.rendition(track.number).part_target_us if self._low_latency else None
        segments = list(track.closed)
        if track.open_parts and not self.has_ended:
            segments.append(self._open(track))
        next_part = Hint("PART", part_path(track.name, self.open_msn, len(track.open_parts)))
        return Window(
            target_duration=state.target_duration_s,
            segments=segments,
            part_target_us=target_us,
            control=ServerControl.for_targets(state.target_duration_s, target_us),
            hints=(next_part,) if self._low_latency and not self.has_ended else (),
            reports=tuple(self._report(other) for other in self.tracks.values() if other is not track),
            is_ended=self.has_ended,
        )

    def _open(self, track: Track) -> Segment:
        return Segment(
            msn=self.open_msn,
            uri=segment_path(track.name, self.open_msn),
            duration_us=0,
            init_uri=init_path(track.name, track.open_init),
            program_time_us=track.open_date_us,
            discontinuity_sequence=self._discontinuity_sequence,
            parts=tuple(track.open_parts),
            is_closed=False,
        )

    def _report(self, other: Track) -> RenditionReport:
        if other.open_parts:
            return RenditionReport(f"{other.name}.m3u8", self.open_msn, len(other.open_parts) - 1)
        last = other.closed[-1] if other.closed else None
        parts = len(last.parts) - 1 if last and last.parts else None
        return RenditionReport(f"{other.name}.m3u8", last.msn if last else 0, parts)

    def multivariant(self, base: str) -> Multivariant:
        """The multivariant playlist; `base` leads from it to the media playlists."""
        return multivariant(list(self.ledger.state.renditions), base)


def multivariant(renditions: list[Rendition], base: str) -> Multivariant:
    """One variant out of a picture and a sound, either of which may be missing."""
    video = next((r for r in renditions if r.kind == Rendition.VIDEO), None)
    audio = next((r for r in renditions if r.kind == Rendition.AUDIO), None)
    lead = video or audio
    if lead is None:
        return Multivariant(())
    both = [rendition for rendition in (video, audio) if rendition is not None]
    groups: tuple[AudioRendition, ...] = ()
    if video is not None and audio is not None:
        groups = (
            AudioRendition(
                AUDIO_GROUP,
                "Main",
                f"{base}{audio.name}.m3u8",
                is_default=True,
                is_autoselect=True,
                channels=str(audio.channels or 2),
            ),
        )
    peak = sum(_peak(rendition) for rendition in both)
    average = sum(rendition.average_bandwidth for rendition in both)
    variant = Variant(
        bandwidth=max(peak, average, 1),
        uri=f"{base}{lead.name}.m3u8",
        codecs=tuple(rendition.codecs for rendition in both),
        average_bandwidth=average or None,
        resolution=(video.width, video.height) if video is not None else None,
        frame_rate=video.frame_rate or None if video is not None else None,
        audio=AUDIO_GROUP if groups else None,
    )
    return Multivariant((variant,), groups)


def _peak(rendition: Rendition) -> int:
    """Measured over closed segments; over the open one until there is a closed one."""
    if rendition.peak_bandwidth or not rendition.segment_duration:
        return rendition.peak_bandwidth
    return rendition.segment_bytes * 8 * rendition.timescale // rendition.segment_duration
