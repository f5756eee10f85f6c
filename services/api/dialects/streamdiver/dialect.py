"""All of Streamdiver's endpoints together."""

from services.api.dialects.endpoint import Dialect
from services.api.dialects.streamdiver import livestreams, media, statistics
from services.api.dialects.streamdiver.envelope import Refusal, refuse

STREAMDIVER = Dialect(
    name="streamdiver",
    title="Streamdiver's API",
    bases=("/streamdiver/v2",),
    tenant="",
    endpoints=(*livestreams.ENDPOINTS, *statistics.ENDPOINTS, *media.ENDPOINTS),
    refuse=refuse,
    refusal=Refusal,
)
