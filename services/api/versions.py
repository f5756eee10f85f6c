"""Versions that callers name, at a replica that may be a moment behind."""

from typing import Any

from services.api.changes import is_version
from services.api.repository import Repository


async def catch_up(records: Repository[Any], key: str, etag: str) -> None:
    """Look the record up if the read model has another version than the caller has read, perhaps from another replica.

    Whoever reads here and writes there is thus no loser as long as nobody has come between. AppError(UNAVAILABLE).
    """
    known = records.peek(key)
    if etag and known is not None and not is_version(known, etag):
        await records.look_up(key)
