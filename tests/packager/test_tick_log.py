"""One subject of the CMAF log on a real server: what is written is whole, once, and one writer's."""

from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from headwater.internal.v1.cmaf_pb2 import State
from services.common.bus.connection import Bus
from services.common.bus.errors import Unavailable
from services.common.bus.log import Log
from services.common.ids import new_id
from services.common.media.tick import EncodedTick
from services.packager.program.draft import Draft
from services.packager.program.ledger import Ledger
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from services.packager.tick_log import BrokenLogError, FencedError, TickLog
from tests.packager.program.log import new_ledger
from tests.packager.program.synthetic import Source, log, with_configs
from tests.packager.running import Stage, stage
from tests.servers.nats import NatsServer


@pytest.fixture
async def live(nats_server: NatsServer) -> AsyncIterator[Stage]:
    async with stage(nats_server) as found:
        yield found


class _Narrow(Log):
    """The same log on a bus that takes less at a time, and that loses acknowledgements when told to."""

    def __init__(self, log: Log, *, max_payload: int = 1 << 20) -> None:
        super().__init__(cast("Bus", _NarrowBus(log.bus, max_payload)), log.stream)
        self.acks_to_lose = 0

    async def append(self, *args: Any, **kwargs: Any) -> int:
        sequence = await super().append(*args, **kwargs)
        if self.acks_to_lose:
            self.acks_to_lose -= 1
            raise Unavailable("the acknowledgement was lost")
        return sequence


class _NarrowBus:
    def __init__(self, bus: Bus, max_payload: int) -> None:
        self._bus = bus
        self.max_payload = max_payload

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)


def _subject() -> str:
    return f"cmaf.0.{new_id()}.source"


def _drafts(until_s: float = 3.0) -> list[Draft]:
    """What a program writes."""
    source = Source(tag="t", until_s=until_s, frame_bytes=300)
    media = log(with_configs(source.units(), source.configs), connection=5)
    program = Program(new_ledger(), ProgramSettings(), epoch=1)
    found: list[Draft] = []
    for index, message in enumerate(media, 1):
        for draft in program.feed(message.instance, index, message.stamp_us, message.payload):
            program.written(draft, [len(found) + 1])
            found.append(draft)
    return found


async def _write(ticks: TickLog, drafts: list[Draft]) -> Ledger:
    """Write them one after the other; the ledger of a writer that has seen each acknowledged."""
    ledger = new_ledger()
    for draft in drafts:
        if not draft.head.HasField("state"):
            draft.head.state_sequence = ledger.state_sequence
        ledger.apply(draft.head, await ticks.write(draft, previous=ledger.last_sequence))
    return ledger


def _same(one: Ledger, other: Ledger) -> bool:
    known = [
        (led.state.SerializeToString(deterministic=True), led.msn, led.part, led.last_sequence, led.state_sequence)
        for led in (one, other)
    ]
    return known[0] == known[1]


@pytest.mark.parametrize("max_payload", [1 << 20, 4096])
async def test_what_was_written_is_found_again(live: Stage, max_payload: int) -> None:
    """A ledger read back equals the writer's, in messages of any size."""
    ticks = TickLog(_Narrow(live.cmaf, max_payload=max_payload), _subject())
    written = await _write(ticks, _drafts())

    found = await ticks.load(State(), window_s=30)

    assert _same(found.ledger, written)
    assert [s.msn for s in found.segments] == [1]


async def test_empty_subject_is_a_broadcast_that_has_not_begun(live: Stage) -> None:
    """With nothing in the log the state given is the state."""
    found = await TickLog(live.cmaf, _subject()).load(State(broadcast_id="b"), window_s=30)

    assert (found.ledger.state.broadcast_id, found.ledger.last_sequence, found.segments) == ("b", 0, [])


async def test_tick_that_a_dead_writer_left_unfinished_is_void(live: Stage) -> None:
    """Some of a tick's messages are none of it; the next writer goes on behind them."""
    subject, drafts = _subject(), _drafts()
    ticks = TickLog(_Narrow(live.cmaf, max_payload=4096), subject)
    written = await _write(ticks, drafts[:3])
    torn = EncodedTick(drafts[3].head, drafts[3].parts, max_payload=2048)
    assert torn.count > 2
    last = written.last_sequence
    for index in range(2):
        last = await live.cmaf.append(subject, torn.message(index, previous=last), expected_last=last)

    found = await ticks.load(State(), window_s=30)
    sequences = await ticks.write(drafts[3], previous=found.ledger.last_sequence)
    again = await ticks.load(State(), window_s=30)

    assert (found.ledger.msn, found.ledger.part) == (written.msn, written.part)
    assert found.ledger.last_sequence == last
    assert again.ledger.last_sequence == sequences[-1]
    assert again.ledger.part == written.part + 1


async def test_lost_acknowledgement_is_no_second_write(live: Stage) -> None:
    """A write whose answer was lost is found in the log and taken for done."""
    subject, drafts = _subject(), _drafts()
    log = _Narrow(live.cmaf)
    ticks = TickLog(log, subject)
    written = await _write(ticks, drafts[:2])
    log.acks_to_lose = 1

    sequences = await ticks.write(drafts[2], previous=written.last_sequence)
    last = await live.cmaf.last(subject)

    assert last is not None
    assert sequences == [last.sequence]


async def test_foreign_writer_fences(live: Stage) -> None:
    """Whoever writes after another has written is told so, and nothing of his is in the log."""
    subject, drafts = _subject(), _drafts()
    ticks = TickLog(live.cmaf, subject)
    written = await _write(ticks, drafts[:2])
    other = Program((await ticks.load(State(), window_s=30)).ledger, ProgramSettings(), epoch=2)
    claimed = await ticks.write(next(iter(other.speak())), previous=written.last_sequence)

    with pytest.raises(FencedError, match="epoch 2"):
        await ticks.write(drafts[2], previous=written.last_sequence)
    last = await live.cmaf.last(subject)

    assert last is not None
    assert last.sequence == claimed[-1]


async def test_writer_goes_on_when_retention_has_taken_the_last_message(live: Stage) -> None:
    """Where the subject is empty again the server expects 0, and the writer finds that out."""
    subject, drafts = _subject(), _drafts()
    ticks = TickLog(live.cmaf, subject)
    written = await _write(ticks, drafts[:2])
    await live.cmaf.purge(subject)

    sequences = await ticks.write(drafts[2], previous=written.last_sequence)

    assert sequences[0] > written.last_sequence


async def test_log_whose_state_is_gone_is_broken(live: Stage) -> None:
    """Where a message that a later one names is gone nothing is made up."""
    subject, drafts = _subject(), _drafts()
    ticks = TickLog(live.cmaf, subject)
    written = await _write(ticks, drafts[:4])
    await live.cmaf.purge(subject, before=written.last_sequence)

    with pytest.raises(BrokenLogError):
        await ticks.load(State(), window_s=30)


async def test_foreign_bytes_are_a_broken_log(live: Stage) -> None:
    """What is no tick is said to be none."""
    subject = _subject()
    await live.cmaf.append(subject, b"no tick at all, but long enough to be one" * 2)

    with pytest.raises(BrokenLogError, match="no tick message"):
        await TickLog(live.cmaf, subject).load(State(), window_s=30)
