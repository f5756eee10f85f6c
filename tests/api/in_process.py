"""The domain in the test's own process, over records that the test has opened."""

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
from services.common.clock import Clock
from services.common.secrets import Sealer
from services.common.targets import Targets
from tests.api.small_archiver import clip_of

WRITER = Caller(Token.WRITE)


@dataclass
class SaidFacts:
    """Takes facts as the publisher does; said twice, a fact is the same."""

    said: dict[str, Fact] = field(default_factory=dict)

    def publish(self, _subject: str, payload: bytes, msg_id: str) -> None:
        self.said[msg_id] = Fact.FromString(payload)


@dataclass
class KindArchive:
    """An archiver that does what it is told, and says so in the bucket that origins watch."""

    records: Records
    deleted: list[str] = field(default_factory=list)

    async def create_job(self, media: str, file_format: str) -> DownloadJob:
        return DownloadJob(media_id=media, format=file_format, state=DownloadJob.WAITING)

    async def delete_job(self, media: str, file_format: str) -> None:
        await self.records.jobs.delete(f"{media}.{file_format}")

    async def create_clip(self, media: str, clip: str, start_us: int, end_us: int) -> Playback:
        source = await self.records.playback.get(media)
        assert source is not None
        record = clip_of(source.record, clip, start_us, end_us)
        await self.records.playback.create(clip, record)
        return record

    async def delete_recording(self, media: str) -> None:
        self.deleted.append(media)

        def edit(playback: Playback | None) -> Playback | None:
            if playback is not None:
                playback.state = Playback.GONE
            return playback

        await self.records.playback.change(media, edit)


@dataclass
class KindSamples:
    """A stats that does what it is told."""

    deleted: list[str] = field(default_factory=list)

    async def delete(self, livestream: str) -> None:
        self.deleted.append(livestream)


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
        keeper=Keeper(livestreams, recordings, deletion, public_ids),
        chronicle=Chronicle(records, keys, MediaChronicle(records, telling, public_ids)),
        facts=facts,
        archive=archive,
        samples=samples,
    )
