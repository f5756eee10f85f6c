"""Each tenant's RSA key for signing webhooks: made when it is first needed, kept sealed, its public half shown."""

import asyncio

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from headwater.internal.v1.webhooks_pb2 import WebhookKeyRecord
from services.api.repository import Repository
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.secrets import Sealer

_BITS = 2048
_EXPONENT = 65_537


class RsaKeys:
    """The keys by tenant. Errors of every call: AppError(UNAVAILABLE)."""

    def __init__(self, records: Repository[WebhookKeyRecord], sealer: Sealer, clock: Clock) -> None:
        self._records = records
        self._sealer = sealer
        self._clock = clock
        self._opened: dict[str, rsa.RSAPrivateKey] = {}

    async def document(self, tenant: str) -> dict[str, str]:
        """What `/.well-known/webhooks.json` answers for a tenant."""
        return {"publicKey": (await self._record(tenant)).public_key}

    async def private(self, tenant: str) -> rsa.RSAPrivateKey:
        """The key that signs."""
        if tenant not in self._opened:
            record = await self._record(tenant)
            pem = self._sealer.open(record.sealed_private_key, _context(tenant))
            key = serialization.load_pem_private_key(pem.encode(), password=None)
            if not isinstance(key, rsa.RSAPrivateKey):
                raise AppError(Kind.INTERNAL, "a webhook key is no RSA key")
            self._opened[tenant] = key
        return self._opened[tenant]

    async def _record(self, tenant: str) -> WebhookKeyRecord:
        """Of two replicas that make one at the same time, the first to write it wins."""
        found = await self._records.get(tenant)
        if found is not None:
            return found.record
        made = await asyncio.to_thread(self._make, tenant)
        try:
            return (await self._records.create(tenant, made)).record
        except AppError as error:
            found = await self._records.look_up(tenant) if error.kind is Kind.CONFLICT else None
            if found is None:
                raise
            return found.record

    def _make(self, tenant: str) -> WebhookKeyRecord:
        key = rsa.generate_private_key(_EXPONENT, _BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return WebhookKeyRecord(
            tenant_id=tenant,
            sealed_private_key=self._sealer.seal(pem.decode(), _context(tenant)),
            public_key=public.decode(),
            create_time_us=round(self._clock.now() * 1e6),
        )


def _context(tenant: str) -> str:
    return f"webhook-key/{tenant}"
