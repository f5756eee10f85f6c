"""A JetStream key-value bucket (ADR-8): read, compare-and-set, watch.

The layout is that of every NATS client (stream `KV_<bucket>`, subjects `$KV.<bucket>.<key>`), so theirs read it too.
A write carries the current trace context.
"""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.common.bus.connection import Bus
from services.common.bus.entry import Entry
from services.common.bus.errors import Exists, Stale, Unavailable, WrongSequence
from services.common.bus.log import Log
from services.common.bus.stream import StreamConfig, ensure_stream
from services.common.bus.watch import Watch, is_deletion
from services.common.bus.wire import parse_headers
from services.common.telemetry import outgoing

_KEY = re.compile(r"[-/_=A-Za-z0-9]+(\.[-/_=A-Za-z0-9]+)*")
_DELETE = {"KV-Operation": "DEL"}
_DUPLICATE_WINDOW_S = 120.0
LIST_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Record:
    """A key as it stands; `revision` is what compare-and-set asks for, `time_us` when it was written."""

    key: str
    value: bytes
    revision: int
    time_us: int = field(default=0, compare=False)
    raw_headers: bytes = field(default=b"", compare=False, repr=False)

    @property
    def headers(self) -> Mapping[str, str]:
        """Of the write, as `Bucket.get` has found it; a list knows none."""
        return parse_headers(self.raw_headers) if self.raw_headers else {}


class Bucket:
    """Made by `open_bucket`. Every call may raise Unavailable; a write may then have happened or not."""

    def __init__(self, log: Log, name: str) -> None:
        self._log = log
        self._prefix = f"$KV.{name}."
        self.name = name

    async def get(self, key: str) -> Record | None:
        """The key as it stands; None if it is not there, or could not be a key at all."""
        if _KEY.fullmatch(key) is None:
            return None
        entry = await self._log.last(self._prefix + key)
        return None if entry is None or is_deletion(entry) else self._record(entry)

    async def create(self, key: str, value: bytes) -> int:
        """Write a key that is not there; its revision. Errors: Exists."""
        subject = self._subject(key)
        last = 0
        for _ in range(2):
            try:
                return await self._log.append(subject, value, expected_last=last, headers=outgoing())
            except WrongSequence:
                entry = await self._log.last(subject)
                if entry is not None and not is_deletion(entry):
                    break
                last = entry.sequence if entry else 0
        raise Exists(key)

    async def update(self, key: str, value: bytes, revision: int) -> int:
        """Write over the given revision; the new one. Errors: Stale."""
        try:
            return await self._log.append(self._subject(key), value, expected_last=revision, headers=outgoing())
        except WrongSequence as error:
            raise Stale(key) from error

    async def put(self, key: str, value: bytes) -> int:
        """Write whatever is there; the new revision."""
        return await self._log.append(self._subject(key), value, headers=outgoing())

    async def delete(self, key: str, revision: int | None = None) -> None:
        """Remove the key, if it still has that revision where one is given. Errors: Stale."""
        headers = _DELETE | (outgoing() or {})
        try:
            await self._log.append(self._subject(key), b"", expected_last=revision, headers=headers)
        except WrongSequence as error:
            raise Stale(key) from error

    async def list(self, prefix: str = ">", *, timeout_s: float = LIST_TIMEOUT_S) -> "list[Record]":
        """All keys that match `prefix` (a key pattern, `>` for all), in the order they were last written."""
        records: dict[str, Record] = {}
        try:
            async with asyncio.timeout(timeout_s), self.watch(prefix) as changes:
                async for change in changes:
                    if change is None:
                        break
                    if change.value is not None:
                        records[change.key] = Record(change.key, change.value, change.revision, change.time_us)
        except TimeoutError as error:
            raise Unavailable(f"bucket {self.name} could not be read within {timeout_s:g} s") from error
        return list(records.values())

    def watch(self, prefix: str = ">") -> Watch:
        """All matching keys as they stand, a mark, then every change, through reconnects."""
        return Watch(self._log.bus, self._log.stream, self._prefix, prefix)

    def _subject(self, key: str) -> str:
        if _KEY.fullmatch(key) is None:
            raise ValueError(f"not a key: {key[:100]!r}")
        return self._prefix + key

    def _record(self, entry: Entry) -> Record:
        key = entry.subject[len(self._prefix) :]
        return Record(key, entry.payload, entry.sequence, entry.time_us, entry.raw_headers)


async def open_bucket(
    bus: Bus,
    name: str,
    *,
    ttl_s: float | None = None,
    history: int = 1,
    replicas: int = 1,
) -> Bucket:
    """The bucket, created or brought to these values. With `ttl_s` a key goes by itself that long after its last write,
    and watchers are not told.
    """
    config = StreamConfig(
        name=f"KV_{name}",
        subjects=(f"$KV.{name}.>",),
        max_age_s=ttl_s or 0.0,
        duplicate_window_s=min(ttl_s or _DUPLICATE_WINDOW_S, _DUPLICATE_WINDOW_S),
        replicas=replicas,
        max_per_subject=history,
        allow_rollup=True,
    )
    return Bucket(await ensure_stream(bus, config), name)
