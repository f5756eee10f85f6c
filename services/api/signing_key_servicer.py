"""headwater.v1.SigningKeyService."""

from google.protobuf.empty_pb2 import Empty

from headwater.internal.v1.protection_pb2 import SigningKeyRecord
from headwater.v1 import signing_keys_pb2 as pb
from headwater.v1.signing_keys_pb2_grpc import SigningKeyServiceServicer
from services.api.audit import Audit, Audited
from services.api.caller import Belonging, caller, tenant_of
from services.api.protecting.claims import claims_of
from services.api.protecting.signing_keys import SigningKeys
from services.api.records import Records
from services.api.short_list import ShortList
from services.api.view import timestamp
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.rpc_call import Context

_LIST = ShortList[SigningKeyRecord](lambda each: each.create_time_us, {})


class SigningKeyServicer(SigningKeyServiceServicer):
    """Keys of the caller's tenant, and tokens for what is its own."""

    def __init__(self, keys: SigningKeys, records: Records, clock: Clock, audit: Audit) -> None:
        self._audit = audit
        self._keys = keys
        self._records = records
        self._clock = clock

    async def CreateSigningKey(self, _request: pb.CreateSigningKeyRequest, _context: Context) -> pb.SigningKey:  # noqa: N802  gRPC's
        made = await self._keys.create(caller().tenant_id)
        self._audit.created(Audited.SIGNING_KEY, made.record.id)
        shown = _show(made.record)
        shown.pem, shown.jwk = made.pem, made.jwk
        return shown

    async def ListSigningKeys(  # noqa: N802  gRPC's
        self, request: pb.ListSigningKeysRequest, _context: Context
    ) -> pb.ListSigningKeysResponse:
        page = _LIST.page(request, self._keys.shown(caller().tenant_id))
        return pb.ListSigningKeysResponse(
            signing_keys=[_show(stored.record) for stored in page.items],
            next_page_token=page.after,
            total_count=page.total,
        )

    async def DeleteSigningKey(self, request: pb.DeleteSigningKeyRequest, _context: Context) -> Empty:  # noqa: N802  gRPC's
        await self._keys.revoke(caller().tenant_id, request.id)
        self._audit.deleted(Audited.SIGNING_KEY, request.id)
        return Empty()

    async def CreatePlaybackToken(  # noqa: N802  gRPC's
        self, request: pb.CreatePlaybackTokenRequest, _context: Context
    ) -> pb.PlaybackToken:
        tenant = caller().tenant_id
        await self._check_there(tenant, request.id)
        claims = claims_of(request, self._clock.now())
        if request.signing_key_id or request.pem:
            token = await self._keys.sign_with(tenant, request.signing_key_id, request.pem, claims)
        else:
            token = await self._keys.sign(tenant, claims)
        return pb.PlaybackToken(token=token, expire_time=timestamp(claims["exp"] * 1_000_000))

    async def _check_there(self, tenant: str, wanted: str) -> None:
        """A livestream, a broadcast or a media of this tenant."""
        livestream = await self._records.livestreams.get(wanted)
        if livestream is not None and not livestream.record.delete_time_us:
            found: Belonging | None = livestream.record
        else:
            media = await self._records.media.get(wanted) or await self._records.broadcasts.get(wanted)
            found = media.record if media is not None else None
        if found is not None and tenant_of(found) == tenant:
            return
        raise AppError(Kind.NOT_FOUND, f"there is nothing to watch with the id {wanted}")


def _show(record: SigningKeyRecord) -> pb.SigningKey:
    return pb.SigningKey(id=record.id, create_time=timestamp(record.create_time_us))
