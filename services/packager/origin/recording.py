"""A recording as playlists: out of the index in the store, with no log. Pure but for the fetching that it is given."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import Index, Recording, Rendition
from headwater.internal.v1.cmaf_pb2 import Segment as Record
from services.common import keys
from services.packager.hls.media_playlist import PlaylistType, Segment, Window
from services.packager.hls.render import multivariant_template, render_media
from services.packager.origin.live import init_path, multivariant, segment_path

Fetch = Callable[[str], Awaitable[bytes | None]]
"""Gives an object of the store; None if there is none."""

_AT_ONCE = 8


class MissingIndexError(Exception):
    """The store says that a recording is complete, and an object of it is not there."""


@dataclass(frozen=True)
class RecordedMedia:
    """A complete recording."""

    recording: Recording
    segments: list[Record]
    renditions: dict[str, Rendition]
    """The newest of each name: what the multivariant playlist says."""

    def multivariant(self, base: str) -> bytes:
        """The multivariant playlist as a template for queries."""
        return multivariant_template(multivariant(list(self.renditions.values()), base))

    def has(self, name: str) -> bool:
        return name in self.renditions

    def playlist(self, name: str) -> bytes:
        """The media playlist of a rendition, with ENDLIST; a template for queries is not needed, nothing is signed."""
        window = Window(
            target_duration=self.recording.target_duration_s,
            segments=[self._segment(record, name) for record in self.segments],
            is_ended=True,
            playlist_type=PlaylistType.VOD,
        )
        return render_media(window)

    def _segment(self, record: Record, name: str) -> Segment:
        mine = next((r for r in record.renditions if r.name == name), None)
        longest_us = max((r.duration * 1_000_000 // r.timescale for r in record.renditions), default=0)
        duration_us = longest_us
        if mine is not None:
            end = round((mine.decode_time + mine.duration) * 1_000_000 / mine.timescale)
            duration_us = end - round(mine.decode_time * 1_000_000 / mine.timescale)
        return Segment(
            msn=record.msn,
            uri=segment_path(name, record.msn),
            duration_us=duration_us,
            init_uri=init_path(name, mine.init_id if mine is not None else self.renditions[name].init_id),
            program_time_us=record.program_time_us,
            discontinuity_sequence=record.discontinuity_sequence,
            is_gap=mine is None,
        )


async def load(prefix: str, fetch: Fetch) -> RecordedMedia | None:
    """Read a recording's index; None if it is not complete. Errors: MissingIndexError, and those of `fetch`."""
    raw = await fetch(keys.recording(prefix))
    if raw is None:
        return None
    recording = Recording.FromString(raw)
    limit = asyncio.Semaphore(_AT_ONCE)

    async def read(number: int) -> Index:
        async with limit:
            data = await fetch(keys.index(prefix, number))
        if data is None:
            raise MissingIndexError(keys.index(prefix, number))
        return Index.FromString(data)

    indexes = await asyncio.gather(*(read(number) for number in range(recording.index_count)))
    segments = [segment for index in indexes for segment in index.segments]
    renditions = {r.name: r for index in indexes for r in index.renditions}
    renditions |= {r.name: r for r in recording.renditions}
    return RecordedMedia(recording, segments, renditions)
