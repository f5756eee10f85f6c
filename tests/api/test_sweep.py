"""Recordings that are due: each goes by itself."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from headwater.internal.v1.facts_pb2 import Fact, RecordingDeleted
from headwater.internal.v1.onair_pb2 import Playback
from headwater.internal.v1.records_pb2 import BroadcastRecord, MediaRecord
from headwater.v1.broadcasts_pb2 import Broadcast
from headwater.v1.media_pb2 import Media
from services.api.recordings import Recordings
from services.api.records import open_records
from services.common.bus.connection import connect
from services.common.clock import ManualClock
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from tests.api.in_process import Domain, KindArchive, domain_of
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


@dataclass
class OneStuck(KindArchive):
    """An archiver that cannot delete one of the recordings."""

    stuck: str = ""
    kind: Kind = Kind.INTERNAL

    async def delete_recording(self, media: str) -> None:
        if media == self.stuck:
            raise AppError(self.kind, "not this one")
        await super().delete_recording(media)


@pytest.fixture
def due() -> list[str]:
    """Oldest first."""
    return [new_id(), new_id(), new_id()]


@pytest.fixture
async def domain(nats: NatsServer, due: list[str]) -> AsyncIterator[Domain]:
    bus = await connect(nats.url, name="test")
    records = await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None)
    for place, media in enumerate(due):
        record = MediaRecord(id=media, state=Media.READY, create_time_us=place + 1, purge_time_us=1)
        await records.media.create(media, record)
    yield domain_of(records, ManualClock())
    await bus.close()


async def test_recording_that_cannot_be_deleted_keeps_no_other_from_it(domain: Domain, due: list[str]) -> None:
    """It is tried again in the next round."""
    await _with_stuck(domain, due[1], Kind.INTERNAL).sweep()
    assert _left(domain, due) == [due[1]]


async def test_sweep_ends_where_the_archiver_is_away(domain: Domain, due: list[str]) -> None:
    """The rest would fare no better; what came before it, in whatever order, is gone already."""
    with pytest.raises(AppError, match="not this one"):
        await _with_stuck(domain, due[1], Kind.UNAVAILABLE).sweep()
    left = _left(domain, due)
    assert due[1] in left
    assert len(left) == 2


@pytest.mark.parametrize("has_broadcast", [True, False])
async def test_deletion_that_was_broken_off_is_carried_on(domain: Domain, due: list[str], has_broadcast: bool) -> None:
    """What nobody can watch any more stays in sight until the store has nothing of it, also where the livestream
    is gone with all its broadcasts.
    """
    records, media = domain.recordings.records, new_id()
    playback = Playback(broadcast_id=media, livestream_id=new_id(), state=Playback.GONE, is_recorded=True)
    if has_broadcast:
        await records.broadcasts.create(media, BroadcastRecord(id=media, state=Broadcast.ENDED, is_recorded=True))
    await records.media.create(media, MediaRecord(id=media, state=Media.READY))

    await domain.chronicle.note_playback(playback)
    assert _left(domain, [media]) == [media]
    with pytest.raises(AppError, match="not this one"):
        await _with_stuck(domain, media, Kind.UNAVAILABLE).sweep()
    assert _left(domain, [media]) == [media]
    await domain.recordings.sweep()

    assert (_left(domain, [media]), media in domain.archive.deleted) == ([], True)


async def test_recording_that_outlived_its_livestream_goes_when_the_archiver_says_so(domain: Domain) -> None:
    """Whoever ordered its deletion may have died over it."""
    records, media = domain.recordings.records, new_id()
    await records.media.create(media, MediaRecord(id=media, state=Media.READY))

    await domain.chronicle.note_fact(
        Fact(id=new_id(), broadcast_id=media, livestream_id=new_id(), recording_deleted=RecordingDeleted())
    )

    assert _left(domain, [media]) == []


async def test_recording_that_the_archiver_does_not_know_can_be_deleted(domain: Domain, due: list[str]) -> None:
    """Where it says that there is none, and origins know of none, nothing is left to be removed."""
    await _with_stuck(domain, due[1], Kind.NOT_FOUND).sweep()
    assert _left(domain, due) == []


def _with_stuck(domain: Domain, media: str, kind: Kind) -> Recordings:
    return replace(domain.recordings, archive=OneStuck(domain.recordings.records, stuck=media, kind=kind))


def _left(domain: Domain, due: list[str]) -> list[str]:
    return [media for media in due if domain.recordings.records.media.peek(media) is not None]
