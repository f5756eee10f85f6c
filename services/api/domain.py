"""The composition of the domain: livestreams, recordings, and what keeps house for them."""

from dataclasses import dataclass

from headwater.internal.v1.services_pb2_grpc import ArchiveServiceStub, SampleServiceStub, ViewingServiceStub
from headwater.v1.statistics_pb2_grpc import StatisticsServiceStub
from services.api.audit import Audit
from services.api.captions import Captions
from services.api.catalogs import Catalogs, catalogs_of
from services.api.chronicle import Chronicle
from services.api.consequences import Consequences
from services.api.deletion import Deletion
from services.api.keeper import Keeper
from services.api.livestreams import Livestreams, Protect
from services.api.media_chronicle import MediaChronicle
from services.api.media_thumbnails import MediaThumbnails
from services.api.on_air import OnAirOrders
from services.api.output_keys import OutputKeys
from services.api.outputs import Outputs
from services.api.protecting.signing_keys import SigningKeys
from services.api.protocol_keys import ProtocolKeys
from services.api.public_ids import PublicIds
from services.api.quota_keys import QuotaKeys
from services.api.quotas import Quotas
from services.api.recordings import Limits, Recordings, RemoteArchive
from services.api.records import Records
from services.api.samples import RemoteSamples
from services.api.servicer import Servicers
from services.api.settings import Settings
from services.api.showing import Showing
from services.api.stream_keys import StreamKeys
from services.api.telling import Telling
from services.api.thumbnails import Thumbnails
from services.api.uploads import Uploads
from services.api.urls import Urls
from services.api.viewing import Viewing
from services.api.webhooks.webhooks import Webhooks
from services.common.bus.facts import FactPublisher
from services.common.clock import Clock
from services.common.objects_opening import object_store
from services.common.resources import Resources
from services.common.rpc_channel import open_channel
from services.common.secrets import sealer_of


@dataclass(frozen=True)
class Domain:
    """What runs, and what is offered."""

    catalogs: Catalogs
    servicers: Servicers
    chronicle: Chronicle
    keeper: Keeper
    livestreams: Livestreams
    recordings: Recordings
    viewing: Viewing
    quota_keys: QuotaKeys


async def open_domain(
    settings: Settings,
    records: Records,
    facts: FactPublisher,
    resources: Resources,
    *,
    clock: Clock,
    webhooks: Webhooks,
    signing_keys: SigningKeys,
    protect: Protect,
) -> Domain:
    """Nothing is asked of anybody yet."""
    archiver, stats = open_channel(settings.archiver_address), open_channel(settings.stats_address, deadline_s=3.0)
    resources.defer("channel to archiver", archiver.close)
    resources.defer("channel to stats", stats.close)
    sealer, telling = sealer_of(settings), Telling(facts, clock)
    catalogs = catalogs_of(records, clock)
    quotas = Quotas(records.tenants, catalogs.media)
    keys = StreamKeys(sealer, records.keys, records.broadcasts, clock, quotas.is_full)
    protocol_keys, output_keys = ProtocolKeys(sealer, settings.addresses), OutputKeys(sealer)
    orders = OnAirOrders(records.on_air, records.playback, clock, hold_s=settings.order_hold)
    consequences = Consequences(records, keys, orders)
    livestreams = Livestreams(records, keys, protocol_keys, orders, consequences, telling, clock, protect)
    limits = Limits(round(settings.media_restore * 1e6), round(settings.download_limit * 1e6))
    recordings = Recordings(records, RemoteArchive(ArchiveServiceStub(archiver)), telling, clock, limits)
    urls = Urls(settings.rtmp_url, settings.playback_url)
    store = await resources.open("objects", object_store(settings))
    uploads = Uploads(records, store, clock)
    thumbnails, samples = Thumbnails(livestreams, uploads), RemoteSamples(SampleServiceStub(stats))
    deletion = Deletion(records, keys, orders, recordings, samples, forget_thumbnails=thumbnails.forget)
    viewing = Viewing(records, ViewingServiceStub(stats), clock)
    servicers = Servicers(
        catalogs,
        livestreams,
        Outputs(livestreams, output_keys, webhooks.targets),
        recordings,
        Captions(recordings, uploads),
        deletion,
        Showing(keys, protocol_keys, output_keys, urls, clock),
        thumbnails,
        MediaThumbnails(recordings, uploads),
        StatisticsServiceStub(stats),
        viewing,
        urls,
        clock,
        webhooks,
        signing_keys,
        quotas,
        Audit(facts, clock),
    )
    public_ids = PublicIds(records)
    chronicle = Chronicle(records, keys, MediaChronicle(records, telling, public_ids))
    keeper = Keeper(livestreams, recordings, deletion, (public_ids, uploads))
    return Domain(
        catalogs, servicers, chronicle, keeper, livestreams, recordings, viewing, QuotaKeys(livestreams, quotas)
    )
