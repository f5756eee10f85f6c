"""How the pictures of one source follow those of another in decode time. Pure.

A source goes on where the last picture has been shown. Where the two reorder frames differently, or the last pictures
of the first one never came, what is to be shown then would have to be decoded too early, or a while after the last
one. So the first few pictures are decoded a little faster or slower than the encoder said, and shown when it said.
"""

from dataclasses import dataclass

MOST = 90_000 // 2
"""A larger difference (90 kHz) is a hole, and stays one."""


@dataclass(frozen=True, slots=True)
class Seam:
    """Decode times from `first` to `last` as sent are laid between `begin` and `last`. All in 90 kHz."""

    begin: int
    first: int
    last: int

    @classmethod
    def between(cls, begin: int, first: int, frame: int) -> "Seam | None":
        """The seam at `begin`, the end of what has been decoded, for a key frame to be decoded at `first`.

        `frame` is the usual interval, for all one knows. No picture is decoded after it is to be shown, since all but
        the key frame are shown a frame after that at the earliest, and that is a quarter of the longest delay in use;
        and no interval is more than doubled. None if nothing need be moved.
        """
        late = begin - first
        if late == 0 or abs(late) > MOST:
            return None
        return cls(begin, first, begin + min(frame, late // 4 + 1) if late > 0 else first + 2 * frame - late)

    def decode_time(self, time: int) -> int:
        """When a picture that was to be decoded at `time` is decoded."""
        if time >= self.last:
            return time
        return self.begin + (time - self.first) * (self.last - self.begin) // (self.last - self.first)
