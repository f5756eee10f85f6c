"""All of Stream's endpoints together."""

from services.api.dialects.endpoint import Dialect
from services.api.dialects.stream import access, files, live_inputs, outputs, videos
from services.api.dialects.stream.envelope import Refusal, refuse

STREAM = Dialect(
    name="stream",
    title="Cloudflare Stream's API",
    bases=("/cloudflare/client/v4/accounts/{account}/stream",),
    tenant="account",
    endpoints=(
        *live_inputs.ENDPOINTS,
        *outputs.ENDPOINTS,
        *videos.ENDPOINTS,
        *files.ENDPOINTS,
        *access.ENDPOINTS,
    ),
    refuse=refuse,
    refusal=Refusal,
)
