"""A recording as playlists: out of the index in the store, with no log. Pure but for the fetching that it is given."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from headwater.internal.v1.cmaf_pb2 import Index, Recording, Rendition
from headwater.internal.v1.cmaf_pb2 import Segment as Record
from headwater.internal.v1.protection_pb2 import CaptionTrack
from services.common import keys
from services.common.media.duration import listed_us
from services.packager.hls.media_playlist import PlaylistType, Segment, Window
from services.packager.hls.query import with_query
from services.packager.hls.render import DeltaRequest, MediaRenderer, multivariant_template
from services.packager.http import Response
from services.packager.origin import answers
from services.packager.origin.track import init_path, segment_path
from services.packager.origin.variants import RECORDING_ENDING, multivariant

Fetch = Callable[[str], Awaitable[bytes | None]]
"""Gives an object of the store; None if there is none."""

PLAYLIST_AGE_S = 60
"""A recording changes once more at most: when it is deleted."""

_AT_ONCE = 8


class MissingIndexError(Exception):
    """The store says that a recording is complete, and an object of it is not there."""


@dataclass
class RecordedMedia:
    """A complete recording."""

    recording: Recording
    segments: list[Record]
    renditions: dict[str, Rendition]
    """The newest of each name: what the multivariant playlist says."""
    _templates: dict[str, bytes] = field(default_factory=dict)
    _made: dict[str, Response] = field(default_factory=dict)

    def multivariant(self, base: str, captions: Sequence[CaptionTrack] = ()) -> bytes:
        """The multivariant playlist as a template for queries."""
        return multivariant_template(
            multivariant(list(self.renditions.values()), base, captions, ending=RECORDING_ENDING)
        )

    @cached_property
    def starts_us(self) -> list[int]:
        """Where each segment begins, from the beginning of the recording; of long ones not for the loop."""
        return list(accumulate((listed_us(None, record.renditions) for record in self.segments), initial=0))[:-1]

    @property
    def length_us(self) -> int:
        return self.recording.duration_us

    def has(self, name: str) -> bool:
        return name in self.renditions

    def has_segment(self, name: str, msn: int) -> bool:
        """True if the store should have it."""
        return self.has(name) and bool(self.segments) and msn <= self.segments[-1].msn

    def answer(self, name: str, kept_query: str) -> Response:
        """The media playlist of a rendition that is there, made once for all who ask without a query."""
        if kept_query:
            return answers.own_playlist(with_query(self.template(name), kept_query), max_age_s=PLAYLIST_AGE_S)
        found = self._made.get(name)
        if found is None:
            found = answers.playlist(with_query(self.template(name), ""), max_age_s=PLAYLIST_AGE_S)
            self._made[name] = found
        return found

    def template(self, name: str) -> bytes:
        """The media playlist of a rendition, with ENDLIST, as a template for queries."""
        found = self._templates.get(name)
        if found is None:
            window = Window(
                target_duration=self.recording.target_duration_s,
                segments=[self._segment(record, name) for record in self.segments],
                is_ended=True,
                playlist_type=PlaylistType.VOD,
            )
            found = self._templates[name] = MediaRenderer().template(window, delta=DeltaRequest.NONE)
        return found

    def _segment(self, record: Record, name: str) -> Segment:
        mine = next((r for r in record.renditions if r.name == name), None)
        return Segment(
            msn=record.msn,
            uri=segment_path(name, record.msn),
            duration_us=listed_us(mine, record.renditions),
            init_uri=init_path(name, mine.init_id if mine is not None else self.renditions[name].init_id),
            program_time_us=record.program_time_us,
            discontinuity_sequence=record.discontinuity_sequence,
            # Without bytes: what the archiver could not get hold of is listed, so that numbers and times stay right.
            is_gap=mine is None or not mine.length,
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
