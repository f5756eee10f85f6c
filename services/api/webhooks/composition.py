"""What api opens for webhooks, and what then runs."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from services.api.records import Records
from services.api.settings import Settings
from services.api.urls import Urls
from services.api.webhooks.announcer import Announcer, Around
from services.api.webhooks.courier import Courier
from services.api.webhooks.dispatcher import Dispatcher
from services.api.webhooks.records import WebhookRecords, open_webhook_records
from services.api.webhooks.rsa_keys import RsaKeys
from services.api.webhooks.secret import WebhookSecrets
from services.api.webhooks.sweeper import Sweeper
from services.api.webhooks.webhooks import Webhooks
from services.common import metrics
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.lifecycle import Job
from services.common.resources import Resources
from services.common.secrets import sealer_of
from services.common.spine import Spine
from services.common.targets import Targets


@dataclass(frozen=True)
class Webhooking:
    """All of webhooks: `webhooks` is the domain."""

    own: WebhookRecords
    webhooks: Webhooks
    courier: Courier
    dispatcher: Dispatcher
    announcer: Announcer
    sweeper: Sweeper

    def jobs(self) -> Iterator[Job]:
        for name, repository in self.own.followed():
            yield Job(f"read model of {name}", repository.follow)
        yield Job("webhooks' facts", self.announcer.run)
        yield Job("deliveries", partial(self.dispatcher.run, self.courier.attempt))
        yield Job("sweeping of deliveries", self.sweeper.run)

    async def check(self) -> None:
        """AppError(UNAVAILABLE) until webhooks can be listed."""
        if not self.own.is_complete:
            raise AppError(Kind.UNAVAILABLE, "webhooks are still being read")


async def open_webhooking(
    settings: Settings, spine: Spine, records: Records, resources: Resources, clock: Clock
) -> Webhooking:
    """Open the buckets and put the parts together. Errors: Unavailable."""
    dispatcher = Dispatcher(clock)
    own = await open_webhook_records(spine, noticed=dispatcher.notice)
    targets = Targets(allows_private=settings.private_targets == "allow")
    resources.defer("resolver", targets.close)
    sealer, urls = sealer_of(settings), Urls(settings.rtmp_url, settings.playback_url)
    secrets, keys = WebhookSecrets(sealer), RsaKeys(own.keys, sealer, clock)
    metrics.observe("headwater_api_deliveries_waiting", lambda: len(dispatcher.agenda))
    return Webhooking(
        own,
        Webhooks(own, records, secrets, keys, targets, urls, clock),
        Courier(own, targets, secrets, keys, clock, f"{settings.replica}-{new_id()}"),
        dispatcher,
        Announcer(spine.bus, Around(own, records, urls), clock, replicas=settings.log_replicas),
        Sweeper(own, clock),
    )
