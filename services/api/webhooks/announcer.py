"""Facts in, deliveries out: each fact becomes one record for each webhook that wants it.

One fact at a time, over all replicas, so that states change in the order in which they happened. Killed anywhere, the
fact comes again: a delivery has the id that follows from fact and webhook, so it is not made twice, and the state that
was said is written last.
"""

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.records_pb2 import LivestreamRecord, MediaRecord
from headwater.internal.v1.webhooks_pb2 import DeliveryRecord, SaidStateRecord, WebhookRecord
from headwater.v1.livestreams_pb2 import Livestream
from headwater.v1.media_pb2 import Media
from services.api import recording
from services.api.caller import DEFAULT, tenant_of
from services.api.records import Records
from services.api.urls import Urls
from services.api.webhooks import happening, said_state, schedule
from services.api.webhooks.formats.table import told
from services.api.webhooks.happening import Happening, Letter, Scene, delivery_id, happenings, media_of
from services.api.webhooks.records import WebhookRecords, delivery_key
from services.common import subjects
from services.common.bus.connection import Bus
from services.common.bus.consumer import ConsumerConfig, Later, Reject, consume
from services.common.bus.entry import Entry
from services.common.clock import Clock
from services.common.errors import AppError, Kind

ATTEMPTS = 5
"""A fact that cannot be told for another reason than an outage must not keep all others waiting."""

_AWAY_S = 0.5
_OLDER_US = 5_000_000
"""A webhook hears what happened after it was made, by clocks that differ by so much."""


@dataclass(frozen=True)
class Around:
    """What api knows."""

    own: WebhookRecords
    records: Records
    urls: Urls


class Announcer:
    """Takes facts by the durable consumer `webhooks`, which all replicas share."""

    def __init__(self, bus: Bus, around: Around, clock: Clock, *, replicas: int) -> None:
        self._bus = bus
        self._own = around.own
        self._records = around.records
        self._urls = around.urls
        self._clock = clock
        self._config = ConsumerConfig(
            stream=subjects.FACTS,
            durable="webhooks",
            subjects=[subjects.fact(kind, "*") for kind in sorted({*happening.KINDS, *said_state.KINDS})],
            max_waiting_acks=1,
            replicas=replicas,
        )

    async def run(self) -> None:
        """Announce facts until cancelled; begins when the read models are complete."""
        await self._own.wait()
        for _, repository in self._records.followed():
            await repository.is_complete.wait()
        await consume(self._bus, self._config, self.handle)

    async def handle(self, entry: Entry, attempt: int) -> None:
        """Make the deliveries of one fact. Repeatable."""
        try:
            fact = Fact.FromString(entry.payload)
        except DecodeError:
            raise Reject("not a fact") from None
        try:
            await self.announce(fact)
        except AppError as error:
            if error.kind is Kind.UNAVAILABLE:
                raise Later(_AWAY_S) from error
            if attempt >= ATTEMPTS:
                raise Reject(error.detail) from error
            raise

    async def announce(self, fact: Fact) -> None:
        """Write the deliveries of a fact, and where its livestream is now said to stand. AppError."""
        scene = await self._scene(fact)
        if scene is None:
            return  # about nobody's: a livestream that is gone
        before = await self._said(fact.livestream_id)
        after, reason = said_state.state_after(before, fact, scene.livestream)
        for happened in happenings(fact, before, after, reason):
            await self._tell(happened, scene)
        await self._keep_said(fact, before, after)

    async def _tell(self, happened: Happening, scene: Scene) -> None:
        for stored in self._own.webhooks.items(scene.tenant_id):
            if wants(stored.record, happened, scene):
                await make_delivery(self._own, stored.record, happened, scene, self._now_us())

    async def _said(self, livestream: str) -> SaidStateRecord:
        stored = await self._own.states.look_up(livestream) if livestream else None
        return stored.record if stored else SaidStateRecord(state=Livestream.IDLE)

    async def _keep_said(self, fact: Fact, before: SaidStateRecord, after: SaidStateRecord) -> None:
        if not fact.livestream_id:
            return
        if fact.livestream_changed.change == "deleted":
            await self._own.states.delete(fact.livestream_id)
        elif after != before:
            await self._own.states.change(fact.livestream_id, lambda _known: after)

    async def _scene(self, fact: Fact) -> Scene | None:
        livestream = await self._livestream(fact.livestream_id)
        media = await self._media(fact, livestream)
        tenant = fact.livestream_changed.tenant_id or fact.media_changed.tenant_id
        if not tenant and livestream is None and media is None:
            return None
        known = tenant_of(livestream) if livestream else tenant_of(media) if media else DEFAULT
        return Scene(tenant or known, self._urls, livestream, media)

    async def _livestream(self, livestream: str) -> LivestreamRecord | None:
        stored = await self._records.livestreams.get(livestream) if livestream else None
        return stored.record if stored else None

    async def _media(self, fact: Fact, livestream: LivestreamRecord | None) -> MediaRecord | None:
        """The media as it is after the fact, which may be known here before it is written down."""
        media = media_of(fact)
        stored = await self._records.media.get(media) if media else None
        record = MediaRecord()
        if stored is not None:
            record.CopyFrom(stored.record)
        elif livestream is None or fact.WhichOneof("fact") not in _MAKERS:
            return None
        else:
            record = _begun(fact, livestream)
        recording.note_fact(record, fact)
        return record

    def _now_us(self) -> int:
        return round(self._clock.now() * 1e6)


_MAKERS = {"broadcast_started", "recording_completed", "recording_failed"}
"""Facts that say by themselves that there is a media."""


def _begun(fact: Fact, livestream: LivestreamRecord) -> MediaRecord:
    return MediaRecord(
        id=fact.broadcast_id,
        livestream_id=livestream.id,
        broadcast_id=fact.broadcast_id,
        state=Media.RECORDING,
        name=livestream.name,
        create_time_us=fact.broadcast_started.start_time_us or fact.time_us,
        tenant_id=livestream.tenant_id,
        app_id=livestream.app_id,
        creator=livestream.creator,
    )


def wants(webhook: WebhookRecord, happened: Happening, scene: Scene) -> bool:
    """Whether a webhook is on, old enough, and filters neither livestream nor app away; events are asked later."""
    if webhook.is_disabled or happened.time_us < webhook.create_time_us - _OLDER_US:
        return False
    if webhook.livestream_ids and happened.livestream_id not in webhook.livestream_ids:
        return False
    return not webhook.app_id or webhook.app_id == (scene.app_id or DEFAULT)


async def make_delivery(
    own: WebhookRecords, webhook: WebhookRecord, happened: Happening, scene: Scene, now_us: int
) -> DeliveryRecord | None:
    """The delivery of a happening to a webhook, made if it is not there; None if its format or filter has none.

    A ping passes every filter. AppError(UNAVAILABLE).
    """
    letter = Letter(delivery_id(webhook.id, happened), webhook.id, webhook.name)
    said = told(webhook.format, happened, scene, letter)
    if said is None:
        return None
    event, body = said
    if webhook.events and event not in webhook.events and happened.event != happening.PING:
        return None
    record = DeliveryRecord(
        id=letter.delivery_id,
        webhook_id=webhook.id,
        tenant_id=webhook.tenant_id,
        livestream_id=happened.livestream_id,
        event=event,
        body=body,
        create_time_us=now_us,
    )
    schedule.order(record, now_us)
    stored = await own.deliveries.change(delivery_key(webhook.id, record.id), lambda known: known or record)
    return stored.record if stored else None
