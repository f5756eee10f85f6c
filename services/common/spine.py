"""The spine: the streams and buckets that every program stands on, made to the same measure whoever comes first."""

from dataclasses import dataclass, field

from services.common import subjects
from services.common.bus.bucket import Bucket, open_bucket
from services.common.bus.connection import Bus
from services.common.bus.log import Log
from services.common.bus.stream import StreamConfig, ensure_stream
from services.common.settings import ServiceSettings
from services.common.subjects import StreamSpec

FACTS_AGE_S = 7 * 24 * 3600.0
MEDIA_DUPLICATE_WINDOW_S = 120.0
"""Longer than ingest's buffer lasts: what is sent again after an outage is known to be the same."""
LEASE_TTL_S = 2.0
DELIVERY_TTL_S = 7 * 24 * 3600.0
"""Deliveries come and go by the thousand, and a key that is deleted leaves a mark: after this, even that is gone."""

_TTLS_S = {subjects.LEASES: LEASE_TTL_S, subjects.DELIVERIES: DELIVERY_TTL_S}


@dataclass
class Spine:
    """Opens streams and buckets by name, once each. Errors of every call: Unavailable, Refused."""

    bus: Bus
    settings: ServiceSettings
    _logs: dict[str, Log] = field(default_factory=dict)
    _buckets: dict[str, Bucket] = field(default_factory=dict)

    async def media(self, shard: int) -> Log:
        """The media log of a shard."""
        return await self._log(
            subjects.media_stream(shard),
            max_age_s=self.settings.media_log_age,
            max_bytes=self.settings.media_log_bytes,
            duplicate_window_s=MEDIA_DUPLICATE_WINDOW_S,
        )

    async def cmaf(self, shard: int) -> Log:
        """The CMAF log of a shard."""
        return await self._log(
            subjects.cmaf_stream(shard), max_age_s=self.settings.cmaf_log_age, max_bytes=self.settings.cmaf_log_bytes
        )

    async def facts(self) -> Log:
        return await self._log(subjects.facts_stream(), max_age_s=FACTS_AGE_S, max_bytes=self.settings.facts_bytes)

    async def bucket(self, name: str) -> Bucket:
        """A bucket by its name in `subjects`."""
        if name not in self._buckets:
            ttl_s, replicas = _TTLS_S.get(name), self.settings.log_replicas
            self._buckets[name] = await open_bucket(self.bus, name, ttl_s=ttl_s, replicas=replicas)
        return self._buckets[name]

    async def _log(self, spec: StreamSpec, **limits: float) -> Log:
        if spec.name not in self._logs:
            config = StreamConfig(
                name=spec.name,
                subjects=spec.subjects,
                replicas=self.settings.log_replicas,
                max_age_s=limits["max_age_s"],
                max_bytes=int(limits["max_bytes"]),
                duplicate_window_s=limits.get("duplicate_window_s", MEDIA_DUPLICATE_WINDOW_S),
            )
            self._logs[spec.name] = await ensure_stream(self.bus, config)
        return self._logs[spec.name]
