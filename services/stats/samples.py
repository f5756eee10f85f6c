"""The samples in Redis: those of the last day, and all that are not in the object store yet.

Every call may raise AppError(UNAVAILABLE).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, TypeVar

from services.common.redis_command import Command
from services.stats import keys
from services.stats.changes import INSTANCES, KEEP_S
from services.stats.figures import FIGURES, Counts
from services.stats.repository import Store
from services.stats.series import KEEP_STORED_MS, KEPT, Sample

T = TypeVar("T")

_COMMANDS_AT_ONCE = 500
_WAITING_AT_ONCE = 100_000
_SETTLE = """\
local newest = redis.call('ZSCORE', KEYS[1], ARGV[1])
if newest and tonumber(newest) <= tonumber(ARGV[2]) then redis.call('ZREM', KEYS[1], ARGV[1]) end
return 1
"""


class Place(NamedTuple):
    """Whose samples."""

    livestream: str
    instance: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """An instance with samples that are not in the object store, or not known to be there."""

    place: Place
    newest_ms: int
    """The slot of its newest sample."""
    stored_ms: int
    """All up to this slot are stored."""
    is_gone: bool
    """Its livestream was deleted."""


class Samples:
    """Reads and writes the keys of samples."""

    def __init__(self, redis: Store) -> None:
        self._redis = redis

    async def last(self, livestreams: Sequence[str]) -> dict[Place, Sample]:
        """The newest sample of each instance that has one."""
        wanted = [Place(each, instance) for each in livestreams for instance in INSTANCES]
        found: dict[Place, Sample] = {}
        for some in _batches(wanted, _COMMANDS_AT_ONCE):
            answers = await self._redis.run([_newest(place, "+", "-", 1) for place in some])
            found |= {place: _sample(*answer[0]) for place, answer in zip(some, answers, strict=True) if answer}
        return found

    async def add(self, samples: Mapping[Place, Sample]) -> None:
        """Keep samples; one whose slot another replica has filled is left as it is, and those of the gone are not."""
        gone = await self._gone(sorted({place.livestream for place in samples}))
        kept = [(place, sample) for place, sample in samples.items() if place.livestream not in gone]
        for some in _batches(kept, _COMMANDS_AT_ONCE // 2):
            # First that they wait: who dies in between has promised too much, and not forgotten the last one of all.
            await self._redis.run(
                [*_wait(some), *(command for one in some for command in _keep(*one))], may_refuse=True
            )

    async def newest(self, place: Place, after_ms: int, before_ms: int | None, count: int) -> list[Sample]:
        """Up to `count` samples, newest first, of slots from `after_ms` on and before `before_ms` (None: all)."""
        end = "+" if before_ms is None else f"({max(before_ms, 1)}-0"  # Redis knows nothing before 0-0
        (answer,) = await self._redis.run([_newest(place, end, max(after_ms, 0), count)])
        return [_sample(*entry) for entry in answer]

    async def oldest(self, place: Place, after_ms: int, until_ms: int, count: int) -> list[Sample]:
        """Up to `count` samples, oldest first, of slots after `after_ms` and not after `until_ms`."""
        command = "XRANGE", keys.samples(*place), f"({after_ms}-0", f"{until_ms}-0", "COUNT", count
        (answer,) = await self._redis.run([command])
        return [_sample(*entry) for entry in answer]

    async def waiting(self, now_ms: int) -> list[Waiting]:
        """All whose newest sample is not stored; those of which Redis itself has let go are forgotten."""
        forget = "ZREMRANGEBYSCORE", keys.WAITING, "-inf", now_ms - KEEP_S * 1000
        _, found = await self._redis.run([forget, ("ZRANGE", keys.WAITING, 0, _WAITING_AT_ONCE - 1, "WITHSCORES")])
        newest = {_place(member): int(float(score)) for member, score in zip(found[::2], found[1::2], strict=True)}
        waiting: list[Waiting] = []
        for places in _batches(list(newest), _COMMANDS_AT_ONCE):
            marks = await self._redis.run([("ZSCORE", keys.stored(each.livestream), each.instance) for each in places])
            gone = await self._gone(sorted({each.livestream for each in places}))
            for place, mark in zip(places, marks, strict=True):
                waiting.append(Waiting(place, newest[place], int(float(mark or 0)), place.livestream in gone))
        return waiting

    async def settle(self, place: Place, stored_ms: int, now_ms: int) -> None:
        """Note that all up to a slot are stored, and let go of those of them that are older than a day."""
        mark, day = keys.stored(place.livestream), min(stored_ms + 1, now_ms - KEEP_STORED_MS)
        commands: list[Command] = [
            ("ZADD", mark, "GT", stored_ms, place.instance),
            ("EXPIRE", mark, KEEP_S),
            ("XTRIM", keys.samples(*place), "MINID", "~", max(day, 0)),
            _settle(place, stored_ms),
        ]
        await self._redis.run(commands)

    async def forget(self, livestream: str, now_ms: int) -> None:
        """Delete a livestream's samples; whatever comes of it later is no sample any more.

        It then waits to be cleared: somebody may be storing its samples at this very moment.
        """
        waiting = (word for name in INSTANCES for word in (now_ms, f"{livestream} {name}"))
        commands: list[Command] = [
            ("ZADD", keys.GONE, "GT", now_ms, livestream),
            ("ZREMRANGEBYSCORE", keys.GONE, "-inf", now_ms - KEEP_S * 1000),
            ("EXPIRE", keys.GONE, KEEP_S),
            ("ZADD", keys.WAITING, "GT", *waiting),
            ("EXPIRE", keys.WAITING, KEEP_S),
            _drop(livestream),
        ]
        await self._redis.run(commands)

    async def clear(self, gone: Waiting) -> None:
        """Delete what came after all, and wait no longer."""
        await self._redis.run([_drop(gone.place.livestream), _settle(gone.place, gone.newest_ms)])

    async def _gone(self, livestreams: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for some in _batches(livestreams, _COMMANDS_AT_ONCE):
            (scores,) = await self._redis.run([("ZMSCORE", keys.GONE, *some)])
            found |= {each for each, score in zip(some, scores, strict=True) if score is not None}
        return found


def _newest(place: Place, end: str, begin: str | int, count: int) -> Command:
    return "XREVRANGE", keys.samples(*place), end, begin, "COUNT", count


def _settle(place: Place, stored_ms: int) -> Command:
    return "EVAL", _SETTLE, 1, keys.WAITING, " ".join(place), stored_ms


def _drop(livestream: str) -> Command:
    return "DEL", keys.stored(livestream), *(keys.samples(livestream, instance) for instance in INSTANCES)


def _wait(samples: Sequence[tuple[Place, Sample]]) -> Iterator[Command]:
    members = (word for place, sample in samples for word in (sample.slot_ms, " ".join(place)))
    yield "ZADD", keys.WAITING, "GT", *members
    yield "EXPIRE", keys.WAITING, KEEP_S


def _keep(place: Place, sample: Sample) -> Iterator[Command]:
    key = keys.samples(*place)
    figures = (word for figure in FIGURES for word in (figure.field, getattr(sample.counts, figure.column)))
    yield "XADD", key, "MAXLEN", "~", KEPT, f"{sample.slot_ms}-0", *figures
    yield "EXPIRE", key, KEEP_S


def _sample(entry_id: bytes, fields: Mapping[bytes, bytes]) -> Sample:
    counts = Counts(**{figure.column: int(fields.get(figure.field.encode(), 0)) for figure in FIGURES})
    return Sample(int(entry_id.partition(b"-")[0]), counts)


def _place(member: bytes) -> Place:
    livestream, _, instance = member.decode().partition(" ")
    return Place(livestream, instance)


def _batches(items: Sequence[T], size: int) -> Iterator[list[T]]:
    rest: Iterator[Any] = iter(items)
    while some := list(islice(rest, size)):
        yield some
