"""The present figures in Redis: facts in, readings out. Every call may raise AppError(UNAVAILABLE)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from headwater.internal.v1.facts_pb2 import Fact
from services.common.redis_command import Command
from services.stats import keys
from services.stats.changes import INSTANCES, Lifetimes, Moment, changes, source
from services.stats.reading import Encoders, Program, Reading, encoders_of, newest_program, reading

_COMMANDS_AT_ONCE = 500
_LIVESTREAMS_AT_ONCE = 100
_PER_LIVESTREAM = 1 + 3 * len(INSTANCES)


class Store(Protocol):
    """What is needed of Redis."""

    async def run(self, commands: Sequence[Command], *, may_refuse: bool = False) -> list[Any]:
        """The answers to the commands, in order."""
        ...


class Repository:
    """Reads and writes what `keys` lists, samples apart."""

    def __init__(self, redis: Store, lifetimes: Lifetimes) -> None:
        self._redis = redis
        self._lifetimes = lifetimes

    async def apply(self, fact: Fact, moment: Moment) -> None:
        """Make a fact's changes; repeatable."""
        await self._write(changes(fact, moment, self._lifetimes))

    async def set_source(self, livestream: str, broadcast: str, instance: str, sequence: int) -> None:
        """Note what is on air since that place in FACTS; an earlier one than is known changes nothing."""
        await self._write(source(livestream, broadcast, instance, sequence))

    async def sourceless(self, livestreams: Sequence[str]) -> list[str]:
        """Those of the livestreams of which it is not known what is on air."""
        counts = await self._redis.run([("ZCARD", keys.sources(each)) for each in livestreams])
        return [each for each, count in zip(livestreams, counts, strict=True) if not count]

    async def active(self, since_ms: int) -> list[str]:
        """Livestreams of which something is there, or was at `since_ms` or later."""
        (found,) = await self._redis.run([("ZRANGEBYSCORE", keys.ACTIVE, since_ms, "+inf")])
        return [member.decode() for member in found]

    async def readings(self, livestreams: Sequence[str], now_ms: int) -> dict[str, Reading]:
        """The present figures of some livestreams; zeros for one nobody knows."""
        found: dict[str, Reading] = {}
        for some in _batches(livestreams, _LIVESTREAMS_AT_ONCE):
            found |= await self._read(some, now_ms)
        return found

    async def _read(self, livestreams: Sequence[str], now_ms: int) -> dict[str, Reading]:
        answers = await self._redis.run([command for each in livestreams for command in _questions(each, now_ms)])
        programs: dict[str, Program | None] = {}
        encoders: dict[str, Mapping[str, Encoders]] = {}
        for livestream, (members, *rest) in zip(livestreams, _batches(answers, _PER_LIVESTREAM), strict=True):
            programs[livestream] = newest_program(members)
            encoders[livestream] = {
                name: encoders_of(*three) for name, three in zip(INSTANCES, _batches(rest, 3), strict=True)
            }
        audiences = await self._audiences(programs, now_ms)
        return {each: reading(programs[each], encoders[each], *audiences.get(each, (0, 0))) for each in livestreams}

    async def _audiences(self, programs: Mapping[str, Program | None], now_ms: int) -> dict[str, tuple[int, int]]:
        """Viewers and unique viewers of each livestream's newest broadcast."""
        questions: list[Command] = []
        for livestream, program in programs.items():
            if program is not None:
                questions.append(("ZCOUNT", keys.viewers(livestream, program.broadcast), f"({now_ms}", "+inf"))
                questions.append(("PFCOUNT", keys.uniques(livestream, program.broadcast)))
        answers = await self._redis.run(questions) if questions else []
        known = [livestream for livestream, program in programs.items() if program is not None]
        return {each: (pair[0], pair[1]) for each, pair in zip(known, _batches(answers, 2), strict=True)}

    async def viewing(self, broadcasts: Sequence[tuple[str, str]]) -> dict[str, int]:
        """Milliseconds that viewers have watched of broadcasts, given as (livestream, broadcast)."""
        found: dict[str, int] = {}
        for some in _batches(broadcasts, _COMMANDS_AT_ONCE):
            answers = await self._redis.run([("GET", keys.viewed(*each)) for each in some])
            found |= {each[1]: int(answer) for each, answer in zip(some, answers, strict=True) if answer}
        return found

    async def _write(self, commands: Sequence[Command]) -> None:
        for some in _batches(commands, _COMMANDS_AT_ONCE):
            await self._redis.run(some)


def _questions(livestream: str, now_ms: int) -> Iterator[Command]:
    yield "ZREVRANGE", keys.sources(livestream), 0, -1
    for instance in INSTANCES:
        yield "ZRANGEBYSCORE", keys.encoders(livestream, instance), f"({now_ms}", "+inf"
        yield "ZRANGE", keys.left(livestream, instance), 0, -1
        yield "HGETALL", keys.bitrates(livestream, instance)


def _batches(items: Sequence[Any], size: int) -> Iterator[Any]:
    return (items[start : start + size] for start in range(0, len(items), size))
