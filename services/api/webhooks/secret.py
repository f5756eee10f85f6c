"""The secrets that webhooks are signed with: minted once, kept sealed, shown to those who may write."""

from headwater.internal.v1.webhooks_pb2 import WebhookRecord
from services.common.ids import new_stream_key
from services.common.secrets import Sealer


class WebhookSecrets:
    """Seals and opens."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def mint(self, webhook: str) -> bytes:
        """A new secret, sealed for this webhook: 32 letters and digits."""
        return self._sealer.seal(new_stream_key(), _context(webhook))

    def open(self, record: WebhookRecord) -> str:
        """The secret in clear. AppError(INTERNAL) where it does not open."""
        return self._sealer.open(record.sealed_secret, _context(record.id))


def _context(webhook: str) -> str:
    return f"webhook/{webhook}"
