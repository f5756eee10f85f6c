"""The facts of a program: each once, under an id that any heir gives it, too."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from headwater.internal.v1.cmaf_pb2 import End, Rendition, State
from headwater.internal.v1.facts_pb2 import Fact
from headwater.internal.v1.onair_pb2 import Playback
from services.common.bus.facts import FactPublisher
from services.common.media.framing import Head, Kind, encode_head
from services.packager.counts import Counts
from services.packager.program.program import Program
from services.packager.program.settings import ProgramSettings
from services.packager.telling import Teller, ended_fact, started_fact
from tests.packager.program.encoder import Message, encode, messages
from tests.packager.program.log import Logs, new_ledger
from tests.packager.running import Stage, stage
from tests.servers.nats import NatsServer

pytestmark = pytest.mark.connected

RECORD = Playback(
    livestream_id="l" * 32,
    broadcast_id="b" * 32,
    shard=2,
    start_time_us=1_700_000_000_000_000,
    is_recorded=True,
    store_prefix="prefix",
)


@dataclass
class Said:
    """A teller, and what comes of it on a real bus."""

    stage: Stage
    facts: FactPublisher
    teller: Teller

    async def all(self) -> list[Fact]:
        """What stands in the stream, in order."""
        await self.facts.close()
        log = await self.stage.spine.facts()
        last = (await log.usage()).last_sequence
        return [Fact.FromString(entry.payload) for entry in await log.get_many(range(1, last + 1))]


@pytest.fixture
async def said(own_nats: NatsServer) -> AsyncIterator[Said]:
    async with stage(own_nats) as found:
        facts = FactPublisher(await found.spine.facts())
        yield Said(found, facts, Teller(facts, Counts()))
        await facts.close()


def told(teller: Teller, media: list[Message]) -> Program:
    """A program that has read these messages, told of after each."""
    logs, program = Logs(media=media), Program(new_ledger(), ProgramSettings(), epoch=1)
    for index, message in enumerate(media, 1):
        for draft in program.feed(message.instance, index, message.stamp_us, message.payload):
            teller.tell(program)
            logs.write(program, [draft])
        teller.tell(program)
    return program


async def test_change_of_source_and_loss_of_media_are_said_once(said: Said) -> None:
    """The first source and the end of its connection are facts, however often the teller looks."""
    program = told(said.teller, messages(encode(), connection=5))
    said.teller.tell(program)

    found = await said.all()

    assert [fact.WhichOneof("fact") for fact in found] == ["source_changed", "media_lost"]
    assert {(fact.livestream_id, fact.broadcast_id, fact.instance) for fact in found} == {
        ("l" * 32, "b" * 32, "primary")
    }
    assert (found[0].source_changed.connection, found[0].source_changed.reason) == (5, "started")
    assert found[1].media_lost.window_ends_us == found[1].time_us + 120_000_000
    put_out_us = sum(map(_length_us, program.ledger.state.renditions)) / len(program.ledger.state.renditions)
    assert found[0].program_us == 0
    assert abs(found[1].program_us - put_out_us) < 500_000


def _length_us(rendition: Rendition) -> float:
    return (rendition.total_duration + rendition.segment_duration) * 1e6 / rendition.timescale


async def test_heir_says_the_same_facts_under_the_same_ids(said: Said) -> None:
    """Whoever wrote the state may have died before he said it; said twice it stands there once."""
    program = told(said.teller, messages(encode(), connection=5))
    before = len(await said.all())
    heir = FactPublisher(await said.stage.spine.facts())
    Teller(heir, Counts()).tell_again(State.FromString(program.ledger.state.SerializeToString()))
    await heir.close()

    found = await said.all()

    assert len(found) == before == 2
    assert len({fact.id for fact in found}) == 2


async def test_heir_of_a_program_that_has_not_begun_says_nothing(said: Said) -> None:
    """There is no source and no loss to tell of."""
    said.teller.tell_again(new_ledger().state)

    assert await said.all() == []


async def test_hole_in_the_media_log_is_logged_and_counted_once(said: Said) -> None:
    """Messages that never came are said aloud with their number, and not again while no more are missing."""
    media = messages(encode(), connection=5, closed=False)
    early = [Message("primary", media[-1].stamp_us, _empty(n)) for n in range(5000, 5300)]
    counts = Counts()
    before = counts.lost.value
    with capture_logs() as logs:
        teller = Teller(said.facts, counts)
        program = told(teller, [*media, *early])
        teller.tell(program)

    lost = program.instances["primary"].order.lost
    assert lost > 0
    assert counts.lost.value - before == lost
    assert [line["messages"] for line in logs if line["event"] == "media is missing in the log"] == [lost]


async def test_published_is_one_fact_whatever_the_program_is_made_of_by_then(said: Said) -> None:
    """An heir that says it again after a change of source says the same."""
    state = State(livestream_id="l" * 32, broadcast_id="b" * 32, publish_time_us=7, source_time_us=7)
    state.source.instance = "primary"
    said.teller.tell_published(state)
    state.source.instance = "secondary"
    said.teller.tell_again(state)

    published = [fact for fact in await said.all() if fact.HasField("program_published")]
    assert {(fact.id, fact.time_us, fact.program_published.publish_time_us) for fact in published} == {
        ("b" * 32 + "-published", 7, 7),
    }


def _empty(n: int) -> bytes:
    return encode_head(Head(5, n, Kind.UNITS, 0, 0))


async def test_two_rules_broken_at_once_are_two_facts(said: Said) -> None:
    """And two lines in the log."""
    program = Program(new_ledger(), ProgramSettings(), epoch=1)
    for code in ("ERR_GOP_OUT_OF_RANGE", "ERR_UNSUPPORTED_AUDIO_CODEC"):
        program.facts.append(Fact(time_us=7, broadcast_id="b" * 32, instance="primary"))
        program.facts[-1].input_rejected.code = program.facts[-1].input_rejected.reason = code
    with capture_logs() as logs:
        said.teller.tell(program)

    assert len({fact.id for fact in await said.all()}) == 2
    assert [line["reason"] for line in logs] == ["ERR_GOP_OUT_OF_RANGE", "ERR_UNSUPPORTED_AUDIO_CODEC"]


def test_beginning_and_end_are_the_same_facts_whoever_says_them() -> None:
    """Their ids come of the broadcast alone, and they carry what api and archiver need."""
    state = State(renditions=[Rendition(timescale=90_000, total_duration=180_000, segment_duration=45_000)])
    started, ended = started_fact(RECORD), ended_fact(RECORD, End(reason="order", time_us=9), state, 7)

    assert started == started_fact(RECORD)
    assert started.id != ended.id
    assert (started.broadcast_started.shard, started.broadcast_started.record) == (2, True)
    assert started.broadcast_started.store_prefix == "prefix"
    assert ended.program_us == 2_500_000
    assert (ended.time_us, ended.broadcast_ended.reason, ended.broadcast_ended.segment_count) == (9, "order", 7)
