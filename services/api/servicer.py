"""Orders in: all services of api, offered over gRPC and, in process, to REST."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import ServiceDescriptor

from headwater.v1 import (
    broadcasts_pb2,
    livestreams_pb2,
    media_pb2,
    outputs_pb2,
    sessions_pb2,
    signing_keys_pb2,
    statistics_pb2,
    tenants_pb2,
    tokens_pb2,
    webhooks_pb2,
)
from headwater.v1.broadcasts_pb2_grpc import add_BroadcastServiceServicer_to_server
from headwater.v1.livestreams_pb2_grpc import add_LivestreamServiceServicer_to_server
from headwater.v1.media_pb2_grpc import add_MediaServiceServicer_to_server
from headwater.v1.outputs_pb2_grpc import add_OutputServiceServicer_to_server
from headwater.v1.sessions_pb2_grpc import add_SessionServiceServicer_to_server
from headwater.v1.signing_keys_pb2_grpc import add_SigningKeyServiceServicer_to_server
from headwater.v1.statistics_pb2_grpc import add_StatisticsServiceServicer_to_server
from headwater.v1.tenants_pb2_grpc import add_AppServiceServicer_to_server, add_TenantServiceServicer_to_server
from headwater.v1.tokens_pb2_grpc import add_TokenServiceServicer_to_server
from headwater.v1.webhooks_pb2_grpc import add_WebhookServiceServicer_to_server
from services.api.app_servicer import AppServicer
from services.api.apps import Apps
from services.api.audit import Audit
from services.api.broadcast_servicer import BroadcastServicer
from services.api.captions import Captions
from services.api.catalogs import Catalogs
from services.api.deletion import Deletion
from services.api.insisting import Insisting
from services.api.livestream_servicer import LivestreamServicer
from services.api.livestreams import Livestreams
from services.api.media_servicer import MediaServicer
from services.api.media_thumbnails import MediaThumbnails
from services.api.output_servicer import OutputServicer
from services.api.outputs import Outputs
from services.api.protecting.signing_keys import SigningKeys
from services.api.quotas import Quotas
from services.api.recordings import Recordings
from services.api.rest.local_call import LocalCalls
from services.api.session_servicer import SessionServicer
from services.api.showing import Showing
from services.api.signing_key_servicer import SigningKeyServicer
from services.api.statistics_servicer import StatisticsServicer
from services.api.tenant_servicer import TenantServicer
from services.api.tenants import Tenants
from services.api.thumbnails import Thumbnails
from services.api.token_servicer import TokenServicer
from services.api.view import Urls
from services.api.viewing import Viewing
from services.api.webhook_servicer import WebhookServicer
from services.api.webhooks.webhooks import Webhooks
from services.common.clock import Clock
from services.common.rpc_server import RpcServer

if TYPE_CHECKING:  # the name stands in the stub file alone
    from headwater.v1.statistics_pb2_grpc import StatisticsServiceAsyncStub

CALL_LIMIT_S = 20.0
"""The longest that a call may take, over gRPC and REST alike."""

_FILES = (
    livestreams_pb2,
    outputs_pb2,
    broadcasts_pb2,
    media_pb2,
    sessions_pb2,
    statistics_pb2,
    tenants_pb2,
    tokens_pb2,
    signing_keys_pb2,
    webhooks_pb2,
)

Register = Callable[[Any, Any], None]


def service_descriptors() -> list[ServiceDescriptor]:
    """The public services, in the order of the reference."""
    return [service for file in _FILES for service in file.DESCRIPTOR.services_by_name.values()]


@dataclass(frozen=True)
class Servicers:
    """Makes the servicers once; both edges call the same objects."""

    catalogs: Catalogs
    livestreams: Livestreams
    outputs: Outputs
    recordings: Recordings
    captions: Captions
    deletion: Deletion
    showing: Showing
    thumbnails: Thumbnails
    media_thumbnails: MediaThumbnails
    stats: "StatisticsServiceAsyncStub"
    viewing: Viewing
    urls: Urls
    clock: Clock
    webhooks: Webhooks
    signing_keys: SigningKeys
    quotas: Quotas
    audit: Audit

    def add_to(self, server: RpcServer) -> None:
        """Offer them over gRPC."""
        for _, register, servicer in self._all():
            server.add(register, Insisting(servicer))

    def add_to_local(self, calls: LocalCalls) -> None:
        """Offer them in process."""
        for name, _, servicer in self._all():
            service = next(each for each in service_descriptors() if each.name == name)
            calls.add(service.full_name, Insisting(servicer), [method.name for method in service.methods])

    def _all(self) -> Iterator[tuple[str, Register, object]]:
        catalogs = self.catalogs
        livestreams = LivestreamServicer(self.livestreams, self.deletion, self.showing, self.thumbnails, catalogs)
        yield "LivestreamService", add_LivestreamServiceServicer_to_server, livestreams
        outputs = OutputServicer(self.outputs, self.showing)
        yield "OutputService", add_OutputServiceServicer_to_server, outputs
        broadcasts = BroadcastServicer(self.livestreams, catalogs.broadcasts, self.urls)
        yield "BroadcastService", add_BroadcastServiceServicer_to_server, broadcasts
        yield (
            "MediaService",
            add_MediaServiceServicer_to_server,
            MediaServicer(
                self.recordings, self.captions, self.media_thumbnails, self.urls, catalogs.media, quotas=self.quotas
            ),
        )
        statistics = StatisticsServicer(self.livestreams, self.stats)
        yield "StatisticsService", add_StatisticsServiceServicer_to_server, statistics
        records, clock = self.livestreams.records, self.clock
        sessions = SessionServicer(records, catalogs.broadcasts, self.viewing, clock)
        yield "SessionService", add_SessionServiceServicer_to_server, sessions
        tenants = Tenants(records, clock, (self.webhooks.own.webhooks,), keys=(self.signing_keys.keys,))
        yield "TenantService", add_TenantServiceServicer_to_server, TenantServicer(tenants, self.quotas, self.audit)
        yield "AppService", add_AppServiceServicer_to_server, AppServicer(Apps(records, clock), self.audit)
        tokens = TokenServicer(records.tokens, clock, self.audit)
        yield "TokenService", add_TokenServiceServicer_to_server, tokens
        signing_keys = SigningKeyServicer(self.signing_keys, records, clock, self.audit)
        yield "SigningKeyService", add_SigningKeyServiceServicer_to_server, signing_keys
        yield "WebhookService", add_WebhookServiceServicer_to_server, WebhookServicer(self.webhooks, self.audit)
