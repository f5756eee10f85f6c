"""The domain in the test's own process, over records that the test has opened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import DownloadJob, Playback
from headwater.internal.v1.records_pb2 import LivestreamRecord
from headwater.v1.tokens_pb2 import Token
from services.api.caller import Caller
from services.api.chronicle import Chronicle
from services.api.consequences import Consequences
from services.api.deletion import Deletion
from services.api.keeper import Keeper
from services.api.livestreams import Livestreams
from services.api.media_chronicle import MediaChronicle
from services.api.on_air import OnAirOrders
from services.api.output_keys import OutputKeys
from services.api.outputs import Outputs
from services.api.protocol_keys import Addresses, ProtocolKeys
from services.api.public_ids import PublicIds
from services.api.recordings import Limits, Recordings
from services.api.records import Records
from services.api.stream_keys import StreamKeys
from services.api.telling import Telling
from services.common.clip_jobs import CLIP
from services.common.clock import Clock
from services.common.objects import ObjectStore
from services.common.secrets import Sealer
from services.common.targets import Targets
from tests.api.small_archiver import clip_of

WRITER = Caller(Token.WRITE)


@dataclass
class SaidFacts:
    """Takes facts as the publisher does; said twice, a fact is the same."""

    said: dict[str, Fact] = field(default_factory=dict)
    waiting: dict[str, Fact] = field(default_factory=dict)
    is_lagging: bool = False
    """Facts wait until somebody waits for them, and who dies before has not said them."""

    def publish(self, _subject: str, payload: bytes, msg_id: str) -> None:
        (self.waiting if self.is_lagging else self.said)[msg_id] = Fact.FromString(payload)

    async def flush(self, *, timeout_s: float = 2.0) -> bool:
        del timeout_s
        self.said |= self.waiting
        self.waiting.clear()
        return True

    async def last_time_us(self, _filter_subjects: Iterable[str]) -> int:
        return max((fact.time_us for fact in self.said.values()), default=0)


@dataclass
class KindArchive:
    """An archiver that does what it is told, and says so in the bucket that origins watch."""

    records: Records
    deleted: list[str] = field(default_factory=list)
    store: ObjectStore | None = None
    """Where it deletes what belongs to a recording."""

    async def create_job(self, media: str, file_format: str) -> DownloadJob:
        job = DownloadJob(media_id=media, format=file_format, state=DownloadJob.WAITING)
        await self.records.jobs.change(f"{media}.{file_format}", lambda known: known or job)
        return job

    async def delete_job(self, media: str, file_format: str) -> None:
        await self.records.jobs.delete(f"{media}.{file_format}")

    async def create_clip(self, media: str, clip: str, start_us: int, end_us: int) -> DownloadJob:
        source = await self.records.playback.get(media)
        assert source is not None
        record = clip_of(source.record, clip, start_us, end_us)
        await self.records.playback.change(clip, lambda known: known or record)
        return DownloadJob(media_id=clip, format=CLIP, state=DownloadJob.READY)

    async def delete_recording(self, media: str) -> None:
        self.deleted.append(media)

        def edit(playback: Playback | None) -> Playback | None:
            if playback is not None:
                playback.state = Playback.GONE
            return playback

        known = await self.records.playback.change(media, edit)
        if self.store is not None and known is not None:
            await self.store.delete_prefix(f"{known.record.store_prefix}/")


@dataclass
class KindSamples:
    """A stats that does what it is told."""

    deleted: list[str] = field(default_factory=list)

    async def delete(self, livestream: str) -> None:
        self.deleted.append(livestream)


@dataclass
class KeptObjects:
    """A store that keeps what it is given."""

    objects: dict[str, bytes] = field(default_factory=dict)

    async def put(self, key: str, data: bytes, content_type: str = "") -> None:
        del content_type
        self.objects[key] = data

    async def get(self, key: str) -> bytes | None:
        return self.objects.get(key)

    async def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.objects.pop(key, None)

    async def delete_prefix(self, prefix: str) -> int:
        found = [key for key in self.objects if key.startswith(prefix)]
        await self.delete(found)
        return len(found)


@dataclass(frozen=True)
class Domain:
    """One api's domain, without its edges."""

    livestreams: Livestreams
    outputs: Outputs
    recordings: Recordings
    deletion: Deletion
    keeper: Keeper
    chronicle: Chronicle
    facts: SaidFacts
    archive: KindArchive
    samples: KindSamples


async def _without_uploads(_record: LivestreamRecord) -> None:
    """Nothing was uploaded."""


async def _unprotected(_record: LivestreamRecord) -> None:
    """There is no origin to be told."""


def domain_of(records: Records, clock: Clock) -> Domain:
    """As services/api/domain.py puts it together."""
    sealer, facts, archive, samples = Sealer(b"k" * 32), SaidFacts(), KindArchive(records), KindSamples()
    telling = Telling(facts, clock)  # type: ignore[arg-type]  # publishes alike
    keys = StreamKeys(sealer, records.keys, records.broadcasts, clock)
    orders = OnAirOrders(records.on_air, records.playback, clock, hold_s=60)
    consequences = Consequences(records, keys, orders)
    protocol_keys = ProtocolKeys(sealer, Addresses())
    livestreams = Livestreams(records, keys, protocol_keys, orders, consequences, telling, clock, _unprotected)
    recordings = Recordings(records, archive, telling, clock, Limits(30 * 86_400_000_000, 4 * 3_600_000_000))
    deletion = Deletion(records, keys, orders, recordings, samples, forget_thumbnails=_without_uploads)
    public_ids = PublicIds(records)
    return Domain(
        livestreams=livestreams,
        outputs=Outputs(livestreams, OutputKeys(sealer), Targets(allows_private=True)),
        recordings=recordings,
        deletion=deletion,
        keeper=Keeper(livestreams, recordings, deletion, (public_ids,)),
        chronicle=Chronicle(records, keys, MediaChronicle(records, telling, public_ids)),
        facts=facts,
        archive=archive,
        samples=samples,
    )
