"""Everything api keeps or watches, opened together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from headwater.internal.v1.onair_pb2 import DownloadJob, OnAir, Playback, StreamKey
from headwater.internal.v1.records_pb2 import (
    AppRecord,
    BroadcastRecord,
    LivestreamRecord,
    MediaRecord,
    TenantRecord,
    TokenRecord,
    UploadRecord,
)
from services.api.caller import tenant_of
from services.api.kv_repository import KvRepository
from services.api.repository import Repository
from services.common import subjects
from services.common.clip_jobs import CLIP
from services.common.spine import Spine


@dataclass(frozen=True)
class Records:
    """The read models. api alone writes the first eight; the others belong to ingest, packager and archiver."""

    livestreams: Repository[LivestreamRecord]
    keys: Repository[StreamKey]
    broadcasts: Repository[BroadcastRecord]
    media: Repository[MediaRecord]
    tokens: Repository[TokenRecord]
    tenants: Repository[TenantRecord]
    apps: Repository[AppRecord]
    uploads: Repository[UploadRecord]
    on_air: Repository[OnAir]
    playback: Repository[Playback]
    jobs: Repository[DownloadJob]

    def followed(self) -> Iterator[tuple[str, KvRepository[Any]]]:
        """Those whose read model must be kept, by name."""
        for name, repository in vars(self).items():
            if isinstance(repository, KvRepository):
                yield name, repository


async def open_records(
    spine: Spine, *, noticed: Callable[[str], None], ruled: Callable[[str], None] = lambda _key: None
) -> Records:
    """Open all buckets. Errors: Unavailable.

    `noticed` is told the key of each change in `onair` and `playback` and of each order for a clip, `ruled` of each in
    `livestreams` and `media`.
    """
    return Records(
        livestreams=KvRepository(
            await spine.bucket(subjects.LIVESTREAMS),
            LivestreamRecord,
            time_us=lambda each: each.create_time_us,
            tenant=tenant_of,
            listener=lambda key, _record: ruled(key),
        ),
        keys=KvRepository(await spine.bucket(subjects.KEYS), StreamKey, group=lambda each: each.livestream_id),
        broadcasts=KvRepository(
            await spine.bucket(subjects.BROADCASTS),
            BroadcastRecord,
            time_us=lambda each: each.start_time_us,
            group=lambda each: each.livestream_id,
        ),
        media=KvRepository(
            await spine.bucket(subjects.MEDIA),
            MediaRecord,
            time_us=lambda each: each.create_time_us,
            group=lambda each: each.livestream_id,
            tenant=tenant_of,
            listener=lambda key, _record: ruled(key),
        ),
        tokens=KvRepository(
            await spine.bucket(subjects.TOKENS), TokenRecord, time_us=lambda each: each.create_time_us, group=tenant_of
        ),
        tenants=KvRepository(
            await spine.bucket(subjects.TENANTS), TenantRecord, time_us=lambda each: each.create_time_us
        ),
        apps=KvRepository(
            await spine.bucket(subjects.APPS), AppRecord, time_us=lambda each: each.create_time_us, group=tenant_of
        ),
        uploads=KvRepository(
            await spine.bucket(subjects.UPLOADS), UploadRecord, time_us=lambda each: each.create_time_us
        ),
        on_air=KvRepository(await spine.bucket(subjects.ONAIR), OnAir, listener=lambda key, _record: noticed(key)),
        playback=KvRepository(
            await spine.bucket(subjects.PLAYBACK), Playback, listener=lambda key, _record: noticed(key)
        ),
        jobs=KvRepository(
            await spine.bucket(subjects.JOBS),
            DownloadJob,
            group=lambda each: each.media_id,
            listener=lambda key, _record: noticed(key) if key.endswith(f".{CLIP}") else None,
        ),
    )
