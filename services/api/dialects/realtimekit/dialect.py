"""All of RealtimeKit's endpoints together, at Cloudflare's paths and at Dyte's."""

from services.api.dialects.endpoint import Dialect, Endpoint
from services.api.dialects.realtimekit import analytics, apps, livestreams, webhooks
from services.api.dialects.realtimekit.envelope import Refusal, refuse


def _endpoints(prefix: str) -> tuple[Endpoint, ...]:
    return (*livestreams.endpoints(prefix), *analytics.endpoints(prefix), *webhooks.endpoints(prefix))


REALTIMEKIT = Dialect(
    name="realtimekit",
    title="Cloudflare RealtimeKit's livestreams",
    bases=("/cloudflare/client/v4/accounts/{account}/realtime/kit",),
    tenant="account",
    app="app",
    endpoints=(*apps.ENDPOINTS, *_endpoints("/{app}")),
    refuse=refuse,
    refusal=Refusal,
)

DYTE = Dialect(
    name="dyte",
    title="Dyte's livestreams",
    bases=("/dyte/v2",),
    tenant="",
    endpoints=_endpoints(""),
    refuse=refuse,
    refusal=Refusal,
)
