"""What is left of clips whose makers died before writing them down."""

from collections.abc import AsyncIterator

import pytest
from google.protobuf.duration_pb2 import Duration

from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.records_pb2 import MediaRecord
from headwater.v1.media_pb2 import ClipMediaRequest, Media
from services.api.caller import calling
from services.api.clips import clip
from services.api.lost_clips import LOST_AFTER_S, LostClips
from services.api.records import open_records
from services.api.repository import Stored
from services.common.bus.connection import connect
from services.common.clip_jobs import CLIP, clip_job
from services.common.clock import ManualClock
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.settings import ServiceSettings
from services.common.spine import Spine
from tests.api.in_process import WRITER, Domain, KindArchive, domain_of
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def domain(nats: NatsServer, clock: ManualClock) -> AsyncIterator[Domain]:
    bus = await connect(nats.url, name="test")
    yield domain_of(await open_records(Spine(bus, ServiceSettings()), noticed=lambda _key: None), clock)
    await bus.close()


async def source_of(domain: Domain) -> Stored[MediaRecord]:
    """A recording that clips can be made of."""
    records, source = domain.recordings.records, new_id()
    await records.playback.create(source, Playback(broadcast_id=source, state=Playback.RECORDED))
    return await records.media.create(source, MediaRecord(id=source, state=Media.READY, duration_us=9_000_000))


async def ordered(domain: Domain, source: Stored[MediaRecord]) -> Stored[MediaRecord]:
    with calling(WRITER):
        return await clip(domain.recordings, source, ClipMediaRequest(end=Duration(seconds=2)))


async def test_clip_that_was_never_written_down_goes_and_no_other(domain: Domain, clock: ManualClock) -> None:
    """Not before it is certain that nobody is about to; what is no clip is not touched, nor what is not begun."""
    recordings, archive = domain.recordings, domain.archive
    source, lost, unmade = await source_of(domain), new_id(), new_id()
    await ordered(domain, source)
    await archive.create_clip(source.key, lost, 0, 2_000_000)
    await recordings.records.jobs.create(clip_job(unmade), DownloadJob(media_id=unmade, format=CLIP))
    await recordings.records.jobs.create(f"{source.key}.MP4", DownloadJob(media_id=source.key, format="MP4"))

    sweeper = LostClips(recordings)
    await sweeper.sweep()
    clock.advance(LOST_AFTER_S - 1)
    await sweeper.sweep()
    assert archive.deleted == []
    clock.advance(1)
    await sweeper.sweep()
    await recordings.records.jobs.delete(clip_job(unmade))
    await sweeper.sweep()

    assert archive.deleted == [lost, unmade]


class Away:
    """An archiver that nobody reaches, or that refuses."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind

    async def create_clip(self, media: str, clip_id: str, start_us: int, end_us: int) -> DownloadJob:
        del media, clip_id, start_us, end_us
        raise AppError(self._kind, "no")


async def test_clip_whose_order_was_lost_is_ordered_again(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    """The call succeeds without an archiver; the keeper gives the order when there is one, and it is made once."""
    recordings, source = domain.recordings, await source_of(domain)
    with monkeypatch.context() as patch:
        patch.setattr(KindArchive, "create_clip", Away(Kind.UNAVAILABLE).create_clip)
        made = await ordered(domain, source)
        await domain.keeper.give_orders()
    assert made.record.state == Media.FINISHING
    with pytest.raises(AppError, match="a clip of it is being made"):
        await recordings.purge(source)

    for _ in range(2):
        await domain.keeper.give_orders()
    found = recordings.records.media.peek(made.key)
    assert found is not None
    stored = found.record
    assert (stored.state, stored.duration_us) == (Media.READY, 2_000_000)
    assert stored.ready_time_us == stored.clip_time_us > 0
    told = [fact.media_changed for fact in domain.facts.said.values() if fact.media_changed.media_id == made.key]
    assert [(each.change, "ready_time" in each.fields) for each in told] == [("created", False), ("updated", True)]
    await recordings.purge(source)


async def test_clip_that_is_refused_fails_and_can_be_deleted(domain: Domain, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the archiver says stands in the record, however often it is asked."""
    source = await source_of(domain)
    monkeypatch.setattr(KindArchive, "create_clip", Away(Kind.NOT_FOUND).create_clip)
    made = await ordered(domain, source)

    assert (made.record.state, made.record.failure_reason) == (Media.FAILED, "no")
    assert not domain.recordings.unmade.all()
    await domain.recordings.purge(made)
    assert domain.recordings.records.media.peek(made.key) is None


async def test_clip_whose_end_was_not_said_is_told_of_again(domain: Domain) -> None:
    """Its record says when it ended; whoever keeps house says the same fact as who wrote it."""
    made = await ordered(domain, await source_of(domain))
    await domain.keeper.give_orders()
    said = dict(domain.facts.said)
    domain.facts.said.clear()
    stored = domain.recordings.records.media.peek(made.key)
    assert stored is not None

    await domain.keeper.say_again(stored.record.clip_time_us)
    assert {key: said[key] for key in domain.facts.said} == domain.facts.said
    assert [fact.media_changed.change for fact in domain.facts.said.values()][-1] == "updated"
    domain.facts.said.clear()
    await domain.keeper.say_again(stored.record.clip_time_us + 1)
    assert domain.facts.said == {}
