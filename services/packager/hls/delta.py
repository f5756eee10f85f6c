"""Playlist delta updates (RFC 8216bis 6.2.5.1): what the server leaves out, and how a client puts it back."""

from dataclasses import dataclass, replace

from services.packager.hls.media_playlist import Segment, Window


class DeltaError(ValueError):
    """The older playlist lacks segments that the delta skips: ask for a full one (6.3.7)."""


@dataclass(frozen=True, slots=True)
class MediaPlaylist:
    """A media playlist as read, segments counted from 0: of a delta update the window holds only those written out."""

    window: Window
    version: int
    media_sequence: int
    discontinuity_sequence: int
    skipped_segments: int = 0


def skipped_segments(window: Window) -> int:
    """How many segments at the start a delta update of this window leaves out; 0: there is nothing to leave out.

    Those that lie wholly further from the end of the last closed segment than CAN-SKIP-UNTIL.
    """
    boundary = window.control.can_skip_until_us if window.control else None
    if boundary is None or window.is_ended:
        return 0
    distance = 0
    for index in range(len(window.segments) - 1, -1, -1):
        if distance > boundary:
            return index + 1
        segment = window.segments[index]
        distance += segment.duration_us if segment.is_closed else 0
    return 0


def apply_delta(older: Window, update: MediaPlaylist) -> Window:
    """The full window that `update` stands for, given an older full one. Raises DeltaError if it is too old."""
    first, count = update.media_sequence, update.skipped_segments
    if not count:
        return update.window
    known = {segment.msn: segment for segment in older.segments if segment.is_closed}
    try:
        # Parts are gone long before the skip boundary (3 against 6 target durations).
        carried = [replace(known[msn], parts=()) for msn in range(first, first + count)]
    except KeyError as error:
        raise DeltaError(f"segment {error} was skipped and is not known") from error
    passed = carried[-1].discontinuity_sequence - update.discontinuity_sequence
    init_uri = carried[-1].init_uri
    fresh: list[Segment] = []
    for segment in update.window.segments:
        init_uri = segment.init_uri or init_uri
        number = segment.discontinuity_sequence + passed
        fresh.append(replace(segment, init_uri=init_uri, discontinuity_sequence=number))
    return replace(update.window, segments=(*carried, *fresh))
