"""How the pictures of one source follow those of another in decode time. Pure.

A source goes on where the last picture has been shown, with a key frame that is decoded when it is shown. Players lay
the first *decode* time after a discontinuity where the pictures before it ended (hls.js 1.7: `remux` in
`passthrough-remuxer.ts`; Shaka as well): a key frame decoded earlier than it is shown would be late by that, with all
that follows it, and leave a hole in what is buffered. So the first few pictures are decoded later than the encoder
said, and shown when it said.
"""

from dataclasses import dataclass

MOST = 90_000 // 2
"""No picture is decoded later by more than this (90 kHz)."""


@dataclass(frozen=True, slots=True)
class Seam:
    """Decode times from `first` to `last` as sent are laid between `begin` and `last`. All in 90 kHz."""

    begin: int
    first: int
    last: int

    @classmethod
    def between(cls, begin: int, first: int, frame: int) -> "Seam | None":
        """The seam for a key frame that was to be decoded at `first` and is at `begin`; `frame` is the usual interval.

        No picture is decoded after it is to be shown, since all but the key frame are shown a frame after that at the
        earliest, and that is a quarter of the longest delay in use. None if nothing need or can be moved.
        """
        late = begin - first
        if not 0 < late <= MOST:
            return None
        return cls(begin, first, begin + min(frame, late // 4 + 1))

    def decode_time(self, time: int) -> int:
        """When a picture that was to be decoded at `time` is decoded."""
        if time >= self.last:
            return time
        return self.begin + (time - self.first) * (self.last - self.begin) // (self.last - self.first)
