"""The protection's records and jobs, opened together."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from headwater.internal.v1.protection_pb2 import Policy, SigningKeyRecord
from services.api.caller import tenant_of
from services.api.kv_repository import KvRepository
from services.api.protecting.policies import Policies
from services.api.protecting.signing_keys import SigningKeys
from services.api.records import Records
from services.common import subjects
from services.common.clock import Clock
from services.common.errors import AppError, Kind
from services.common.lifecycle import Job
from services.common.secrets import Sealer
from services.common.spine import Spine


@dataclass(frozen=True)
class Protecting:
    """What is open."""

    signing_keys: SigningKeys
    policies: Policies
    policy_records: KvRepository[Policy]
    key_records: KvRepository[SigningKeyRecord]

    def jobs(self, records: Records) -> Iterable[Job]:
        """What keeps them; the read model of policies is still to be followed."""
        yield Job("read model of signing keys", self.key_records.follow)
        yield Job("policies", partial(self._keep, records))

    async def check(self) -> None:
        """Ready when signing keys are read; a policy that is not read yet is looked up."""
        if not self.key_records.is_complete.is_set():
            raise AppError(Kind.UNAVAILABLE, "signing keys are still being read")

    async def _keep(self, records: Records) -> None:
        await self.policy_records.is_complete.wait()
        await self.policies.run(records)


async def open_protecting(spine: Spine, sealer: Sealer, clock: Clock) -> Protecting:
    """Open the buckets. Errors: Unavailable."""
    policies = KvRepository(await spine.bucket(subjects.POLICIES), Policy)
    keys = KvRepository(
        await spine.bucket(subjects.SIGNING_KEYS),
        SigningKeyRecord,
        time_us=lambda each: each.create_time_us,
        group=tenant_of,
    )
    return Protecting(SigningKeys(keys, sealer, clock), Policies(policies), policies, keys)
