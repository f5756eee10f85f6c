"""Recordings as playlists, out of the index alone."""

from dataclasses import replace

import pytest

from headwater.internal.v1.cmaf_pb2 import Index, Recording, Rendition
from headwater.internal.v1.cmaf_pb2 import Segment as Record
from services.common import keys
from services.common.media.unit import CLOCK_RATE, Track
from services.packager.origin.recording import MissingIndexError, RecordedMedia, load
from tests.clients.hls_rules import check_playlist
from tests.packager.origin.logged import logged
from tests.packager.program.encoder import encode, messages

PREFIX = "p"
INDEXED = 2


def store(records: list[Record], renditions: list[Rendition]) -> dict[str, bytes]:
    """What an archiver leaves, two segments an index object."""
    groups = [records[at : at + INDEXED] for at in range(0, len(records), INDEXED)]
    found = {
        keys.index(PREFIX, number): Index(segments=group, renditions=renditions).SerializeToString()
        for number, group in enumerate(groups)
    }
    recording = Recording(index_count=len(groups), target_duration_s=2, segment_count=len(records))
    return found | {keys.recording(PREFIX): recording.SerializeToString()}


@pytest.fixture(scope="module")
def records() -> tuple[list[Record], list[Rendition]]:
    """Segments and renditions of ten seconds."""
    logs = logged(messages(encode(seconds=10), connection=5))
    return logs.segments, list(next(h.state for _, h, _ in reversed(logs.ticks) if h.HasField("state")).renditions)


async def read(objects: dict[str, bytes]) -> RecordedMedia | None:
    async def fetch(key: str) -> bytes | None:
        return objects.get(key)

    return await load(PREFIX, fetch)


async def test_recording_lists_every_segment_with_an_end(records: tuple[list[Record], list[Rendition]]) -> None:
    """All index objects become one playlist within the rules."""
    media = await read(store(*records))

    assert media is not None
    for name in ("video", "audio"):
        text = media.answer(name, "").plain.body
        playlist = b"".join(text).decode()
        assert [str(each) for each in check_playlist(playlist)] == []
        assert playlist.count("#EXTINF") == len(records[0])


@pytest.mark.parametrize("missing", list(Track))
async def test_hole_in_one_track_moves_nothing_that_follows(missing: Track) -> None:
    """A segment of which a rendition has a piece is listed as long as it is: dates and durations agree."""
    whole = encode(seconds=16)
    kept = tuple(unit for unit in whole.units if unit.track is not missing or not 5 <= unit.dts / CLOCK_RATE < 10.5)
    logs = logged(messages(replace(whole, units=kept), connection=5))
    state = next(h.state for _, h, _ in reversed(logs.ticks) if h.HasField("state"))

    media = await read(store(logs.segments, list(state.renditions)))

    assert media is not None
    for name in ("video", "audio"):
        playlist = b"".join(media.answer(name, "").plain.body).decode()
        assert [str(each) for each in check_playlist(playlist) if each.must] == []


async def test_lost_segment_is_a_gap(records: tuple[list[Record], list[Rendition]]) -> None:
    """A record whose media the archiver could not get hold of keeps its number and its time."""
    lost = [Record.FromString(record.SerializeToString()) for record in records[0]]
    for rendition in lost[1].renditions:
        rendition.length = 0

    media = await read(store(lost, records[1]))

    assert media is not None
    lines = media.template("video").decode().splitlines()
    assert lines[lines.index("#EXT-X-GAP") + 2].startswith("video/1.m4s")


async def test_incomplete_recording_is_none_and_a_broken_one_an_error(
    records: tuple[list[Record], list[Rendition]],
) -> None:
    """Without its last object there is no recording yet; without an index object it is broken."""
    objects = store(*records)
    assert await read({key: data for key, data in objects.items() if key != keys.recording(PREFIX)}) is None

    with pytest.raises(MissingIndexError):
        await read({key: data for key, data in objects.items() if key != keys.index(PREFIX, 1)})


async def test_playlist_is_made_once_for_all_without_a_query(records: tuple[list[Record], list[Rendition]]) -> None:
    """A viewer with a token gets his own, the others share one."""
    media = await read(store(*records))

    assert media is not None
    assert media.answer("video", "") is media.answer("video", "")
    assert b"video/0.m4s?t=1\n" in b"".join(media.answer("video", "t=1").plain.body)
