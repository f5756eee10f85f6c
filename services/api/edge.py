"""The composition of the HTTP edge."""

import orjson

from services.api.admission import Admission
from services.api.dialects.dispatch import Dialects
from services.api.dialects.spoken import DIALECTS
from services.api.id_guard import IdGuard
from services.api.readiness import Readiness
from services.api.rest.comments import load_comments
from services.api.rest.gateway import Gateway
from services.api.rest.idempotency import Idempotency
from services.api.rest.local_call import LocalCalls
from services.api.rest.oauth import TokenEndpoint
from services.api.rest.openapi import openapi_document
from services.api.rest.pages import Pages
from services.api.rest.routes import Routes
from services.api.servicer import CALL_LIMIT_S, Servicers, service_descriptors
from services.api.settings import Settings
from services.api.webhooks.well_known import WellKnownKeys
from services.common.clock import Clock
from services.common.health import Health
from services.common.redis_client import Redis
from services.common.rpc_guards import DeadlineGuard, ValidationGuard
from services.common.secrets import derived_key, sealer_of

_ORDERS = "orders"


def make_gateway(
    settings: Settings, servicers: Servicers, admission: Admission, *, redis: Redis, health: Health, clock: Clock
) -> Gateway:
    """The same servicers behind the same guards as over gRPC."""
    calls = LocalCalls([DeadlineGuard(CALL_LIMIT_S), admission.guard, IdGuard(), ValidationGuard()])
    servicers.add_to_local(calls)
    routes = Routes(service_descriptors())
    idempotency = Idempotency(redis, sealer_of(settings), derived_key(settings, _ORDERS))
    doors = (
        Pages(orjson.dumps(openapi_document(routes, load_comments())), _readiness(settings, health, clock).failing),
        TokenEndpoint(admission.authenticator, admission.tenancy, admission.proxies),
        WellKnownKeys(servicers.webhooks.keys, servicers.webhooks.records),
        Dialects(DIALECTS, calls, service_descriptors(), admission.guard, idempotency),
    )
    return Gateway(routes, calls, doors, admission.guard, idempotency)


def _readiness(settings: Settings, health: Health, clock: Clock) -> Readiness:
    programs = {
        "ingest": settings.ingest_ops_url,
        "packager": settings.packager_ops_url,
        "origin": settings.origin_ops_url,
    }
    return Readiness(health, programs, clock)
