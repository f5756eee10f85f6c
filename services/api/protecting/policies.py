"""Keeps the bucket `policies` as the records say.

Nothing is written in the path of an order: whoever changes a record, this or another replica, its policy follows from
what the read model then shows, and after a crash all of them are compared once. So a rule that was accepted is never
forgotten, and reaches origins within a moment.
"""

import asyncio

from headwater.internal.v1.protection_pb2 import Policy
from headwater.internal.v1.records_pb2 import LivestreamRecord
from services.api.breath import breathing
from services.api.protecting.policy import policy_of_livestream, policy_of_media
from services.api.records import Records
from services.api.repository import Repository
from services.common.errors import AppError, Kind
from services.common.log import get_logger

RETRY_S = 0.2

_log = get_logger(__name__)


class Policies:
    """Told of changed keys by `note`; `run` writes what follows."""

    def __init__(self, policies: Repository[Policy]) -> None:
        self._policies = policies
        self._changed: dict[str, None] = {}
        self._has_begun = False
        self._news = asyncio.Event()

    def note(self, key: str) -> None:
        """A livestream or a media has changed, or is gone."""
        if self._has_begun:  # until then all of them are going to be looked at
            self._changed[key] = None
            self._news.set()

    async def protect(self, record: LivestreamRecord) -> None:
        """Write a new livestream's policy now: who pushes at once is to be watched, api there or not."""
        await self._write(record.id, policy_of_livestream(record))

    async def run(self, records: Records) -> None:
        """Write until cancelled; begins with all of them, when the read models are complete."""
        for _, repository in records.followed():
            await repository.is_complete.wait()
        self._has_begun = True
        for key in (*(each.key for each in records.livestreams.each()), *(each.key for each in records.media.each())):
            self.note(key)
        while True:
            await self._news.wait()
            self._news.clear()
            await self._catch_up(records)

    async def _catch_up(self, records: Records) -> None:
        changed, self._changed = self._changed, {}
        async for key in breathing(changed):
            try:
                await self._write(key, _wanted(records, key))
            except AppError as error:
                self.note(key)
                if error.kind is not Kind.UNAVAILABLE:
                    _log.error("a policy could not be written", key=key, reason=error.detail)
                await asyncio.sleep(RETRY_S)

    async def _write(self, key: str, wanted: Policy | None) -> None:
        """A policy stays when its record is gone, and then refuses: the store may still have what it was about."""
        known = self._policies.peek(key)
        if known is not None and wanted == known.record:
            return

        def edit(record: Policy | None) -> Policy | None:
            if wanted is not None:
                return wanted
            if record is not None:
                record.is_deleted = True
            return record

        await self._policies.change(key, edit)


def _wanted(records: Records, key: str) -> Policy | None:
    livestream = records.livestreams.peek(key)
    if livestream is not None:
        return policy_of_livestream(livestream.record)
    media = records.media.peek(key)
    return policy_of_media(media.record) if media is not None else None
