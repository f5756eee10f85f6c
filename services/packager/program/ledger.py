"""What is in the CMAF log of a broadcast, tick by tick: all that a playlist or an heir must know. Pure.

The ledger is the same function of the log for the packager that writes it, for one that takes over, and for tests: it
is only ever changed by `apply`.
"""

from collections.abc import Sequence

from headwater.internal.v1.cmaf_pb2 import Rendition, Segment, State, Tick

MIN_WINDOW_TARGETS = 6
"""The window is at least this many target durations: a delta update may skip what is older (RFC 8216bis 4.4.3.8)."""


class Ledger:
    """The state as of the last tick in the log.

    `window_s` is how much closed program the live window holds.
    """

    def __init__(self, state: State, *, window_s: float) -> None:
        self.state = state
        self.state_sequence = 0
        """Stream sequence of the last tick with state; 0 before the first."""
        self.last_sequence = 0
        """Stream sequence of the subject's last message: what the next write expects."""
        self.msn = 0
        self.part = 0
        self.discontinuity_sequence = 0
        self.epoch = 0
        self.head = Tick()
        """The last tick in the log, without its state."""
        self._window_s = window_s

    @property
    def is_segment_open(self) -> bool:
        return self.part > 0

    @property
    def has_ended(self) -> bool:
        return self.head.HasField("end")

    def rendition(self, number: int) -> Rendition:
        """The rendition with this number. KeyError if there is none."""
        for rendition in self.state.renditions:
            if rendition.number == number:
                return rendition
        raise KeyError(number)

    def is_kept(self, msn: int) -> bool:
        """Whether the segment of this number goes into the recording."""
        before = self.state.record_before
        return self.state.rules.record and (not before or msn < before)

    def next_head(self, *, epoch: int, ends_segment: bool) -> Tick:
        """The head of the tick that comes next, by the writer of that epoch."""
        return Tick(
            msn=self.msn,
            part=self.part,
            discontinuity_sequence=self.discontinuity_sequence,
            ends_segment=ends_segment,
            epoch=epoch,
            state_sequence=self.state_sequence,
        )

    def apply(self, head: Tick, sequences: Sequence[int]) -> Segment | None:
        """Note a tick that lies in the log at these stream sequences; the segment message that follows from it."""
        if head.HasField("state"):
            self.state.CopyFrom(head.state)
            self.state_sequence = sequences[0]
        self.last_sequence = sequences[-1]
        self.epoch = head.epoch
        self.head.CopyFrom(head)
        self.head.ClearField("state")
        self.msn, self.part = head.msn, head.part
        self.discontinuity_sequence = head.discontinuity_sequence
        if head.parts:
            self._note_parts(head)
        if head.parts or head.ends_segment:
            self.state.segment_sequences.extend(sequences)
        return self._close(head) if head.ends_segment else None

    def _note_parts(self, head: Tick) -> None:
        if self.part == 0:
            self.state.segment_time_us = head.program_time_us
        self.part += 1
        for part in head.parts:
            rendition = self.rendition(part.rendition)
            rendition.next_decode_time = part.decode_time + part.duration
            rendition.shown_until = max(rendition.shown_until, rendition.next_decode_time + part.shown_after)
            rendition.segment_bytes += part.length
            rendition.segment_duration += part.duration + part.moved

    def _close(self, head: Tick) -> Segment:
        state = self.state
        segment = Segment(
            livestream_id=state.livestream_id,
            broadcast_id=state.broadcast_id,
            msn=head.msn,
            program_time_us=state.segment_time_us,
            discontinuity_sequence=head.discontinuity_sequence,
            sequences=state.segment_sequences,
            record=self.is_kept(head.msn),
            target_duration_s=state.target_duration_s,
        )
        longest_ms = 0
        for rendition in state.renditions:
            if rendition.segment_duration:
                segment.renditions.add(
                    number=rendition.number,
                    name=rendition.name,
                    init_id=rendition.init_id,
                    timescale=rendition.timescale,
                    decode_time=rendition.next_decode_time - rendition.segment_duration,
                    duration=rendition.segment_duration,
                    length=rendition.segment_bytes,
                )
                longest_ms = max(longest_ms, rendition.segment_duration * 1000 // rendition.timescale)
            _measure(rendition)
        if state.segment_sequences:
            state.window.add(msn=head.msn, sequence=state.segment_sequences[0], duration_ms=longest_ms)
        self._trim()
        del state.segment_sequences[:]
        self.msn, self.part = head.msn + 1, 0
        segment.purge_cmaf_before = state.window[0].sequence if state.window else 0
        segment.purge_media_before = head.position.read_from
        state.last_segment.CopyFrom(segment)
        return segment

    def _trim(self) -> None:
        """Let go of what is older than the window; what stays still fills it."""
        keep_ms = max(self._window_s, MIN_WINDOW_TARGETS * self.state.target_duration_s) * 1000
        if self.state.rules.is_hidden:
            keep_ms = 1  # nobody lists it: one segment, where a reader may begin
        window = self.state.window
        total = sum(segment.duration_ms for segment in window)
        while window and total - window[0].duration_ms >= keep_ms:
            total -= window[0].duration_ms
            del window[0]


def _measure(rendition: Rendition) -> None:
    """Bandwidths are measured, not believed: the largest closed segment and the mean of all (RFC 8216bis 4.4.6.2)."""
    duration = rendition.segment_duration
    if duration:
        bits = rendition.segment_bytes * 8
        rendition.total_bytes += rendition.segment_bytes
        rendition.total_duration += duration
        rendition.peak_bandwidth = max(rendition.peak_bandwidth, bits * rendition.timescale // duration)
        rendition.average_bandwidth = rendition.total_bytes * 8 * rendition.timescale // rendition.total_duration
    rendition.segment_bytes = rendition.segment_duration = 0
