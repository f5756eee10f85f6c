"""Signing keys of tenants, and tokens signed on request."""

import asyncio
import base64
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from headwater.internal.v1.protection_pb2 import SigningKeyRecord
from services.api.caller import tenant_of
from services.api.once import made_before
from services.api.repository import Repository, Stored
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.ids import new_id
from services.common.protection.token import sign
from services.common.secrets import Sealer

MAX_KEYS = 1000
_BITS = 2048
_EXPONENT = 65537


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key whose private half is shown once. Both forms in base64, as one vendor has them."""

    record: SigningKeyRecord
    pem: str
    jwk: str


@dataclass(frozen=True)
class SigningKeys:
    """The domain's signing keys. Every write may raise AppError(UNAVAILABLE) and may then be done or not."""

    keys: Repository[SigningKeyRecord]
    sealer: Sealer
    clock: Clock

    async def create(self, tenant: str) -> NewKey:
        """AppError(LIMIT) if the tenant has as many as it may."""
        if len(self.shown(tenant)) >= MAX_KEYS:
            raise AppError(Kind.LIMIT, f"a tenant may have {MAX_KEYS} signing keys; revoke some")
        drawn, unfinished = await made_before("signing key", self.keys.get, self._now_us())
        private, record = await self._draw(tenant, drawn)
        if unfinished is not None:  # nobody was told its private half
            await self.keys.update(drawn, record, unfinished.revision)
        else:
            await self.keys.create(drawn, record)
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        jwk = RSAAlgorithm.to_jwk(private, as_dict=True) | {"use": "sig", "kid": record.id, "alg": "RS256"}
        return NewKey(record, base64.b64encode(pem).decode(), base64.b64encode(orjson.dumps(jwk)).decode())

    def shown(self, tenant: str) -> list[Stored[SigningKeyRecord]]:
        """All of a tenant, without the one that its own tokens are signed with."""
        return [stored for stored in self.keys.items(tenant) if not stored.record.is_own]

    async def revoke(self, tenant: str, key: str) -> None:
        """From now on none of its tokens is good."""
        found = await self._find(tenant, key)
        await self.keys.delete(found.key)

    async def sign(self, tenant: str, claims: dict[str, Any]) -> str:
        """With the tenant's own key, which is made when it is first needed."""
        own = next((stored.record for stored in self.keys.items(tenant) if stored.record.is_own), None)
        if own is None:
            private, own = await self._draw(tenant, new_id())
            own.is_own, own.sealed_private_key = True, self._seal(private, own)
            await self.keys.create(own.id, own)
        pem = self.sealer.open(own.sealed_private_key, _context(own)).encode()
        return await asyncio.to_thread(sign, claims, _private_key(pem), own.id)

    async def sign_with(self, tenant: str, key: str, pem: str, claims: dict[str, Any]) -> str:
        """With a key whose private half the caller has sent and nobody keeps. AppError(INVALID) if it is another's."""
        record = (await self._find(tenant, key)).record
        try:  # beside the loop: that a large key is sound takes a while to find out
            private = await asyncio.to_thread(lambda: _private_key(base64.b64decode(pem, validate=True)))
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise AppError(Kind.INVALID, "is no RSA key in PEM, in base64", field="pem") from None
        if _public_der(private) != record.public_key:
            raise AppError(Kind.INVALID, "belongs to another key", field="pem")
        return await asyncio.to_thread(sign, claims, private, record.id)

    async def _find(self, tenant: str, key: str) -> Stored[SigningKeyRecord]:
        found = await self.keys.get(key)
        if found is None or tenant_of(found.record) != tenant or found.record.is_own:
            raise AppError(Kind.NOT_FOUND, f"there is no signing key {key}")
        return found

    async def _draw(self, tenant: str, key: str) -> tuple[rsa.RSAPrivateKey, SigningKeyRecord]:
        """Beside the loop: it takes a tenth of a second."""
        private = await asyncio.to_thread(rsa.generate_private_key, _EXPONENT, _BITS)
        return private, SigningKeyRecord(
            id=key, tenant_id=tenant, public_key=_public_der(private), create_time_us=self._now_us()
        )

    def _now_us(self) -> int:
        return round(self.clock.now() * 1e6)

    def _seal(self, private: rsa.RSAPrivateKey, record: SigningKeyRecord) -> bytes:
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return self.sealer.seal(pem.decode(), _context(record))


def _context(record: SigningKeyRecord) -> str:
    return f"signing-key/{record.tenant_id}/{record.id}"


def _private_key(pem: bytes) -> rsa.RSAPrivateKey:
    found = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(found, rsa.RSAPrivateKey):
        raise TypeError("no RSA key")
    return found


def _public_der(private: rsa.RSAPrivateKey) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
