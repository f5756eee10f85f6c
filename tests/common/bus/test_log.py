"""A log: what is appended is there, once, at the place the answer says."""

import asyncio
import os

import pytest

from services.common.bus.connection import Bus
from services.common.bus.errors import Refused, TooLarge, Unavailable, WrongSequence
from services.common.bus.log import Log

pytestmark = pytest.mark.connected


async def test_append_is_read_back_by_subject_and_by_sequence(log: Log, name: str) -> None:
    """The answer's sequence is where the message is, bytes and headers as given."""
    payload = os.urandom(70_000)
    sequence = await log.append(f"{name}.a", payload, msg_id="1", headers={"X-Y": "z"})
    for entry in (await log.last(f"{name}.a"), await log.get(sequence)):
        assert entry is not None
        assert (entry.subject, entry.sequence, entry.payload) == (f"{name}.a", sequence, payload)
        assert entry.headers["X-Y"] == "z"
        assert entry.time_us > 1_600_000_000_000_000


async def test_repeated_msg_id_is_in_the_log_once(log: Log, name: str) -> None:
    """The second write gives the first one's place."""
    first = await log.append(f"{name}.a", b"1", msg_id="same")
    assert await log.append(f"{name}.a", b"1", msg_id="same") == first
    assert (await log.usage()).last_sequence == first


async def test_expected_last_fences_a_stale_writer(log: Log, name: str) -> None:
    """A write is taken only on top of the message it names, subject by subject."""
    first = await log.append(f"{name}.a", b"1", expected_last=0)
    await log.append(f"{name}.other", b"x")
    second = await log.append(f"{name}.a", b"2", expected_last=first)
    with pytest.raises(WrongSequence):
        await log.append(f"{name}.a", b"stale", expected_last=first)
    with pytest.raises(WrongSequence):
        await log.append(f"{name}.a", b"stale", expected_last=0)
    last = await log.last(f"{name}.a")
    assert last is not None
    assert (last.sequence, last.payload) == (second, b"2")


async def test_window_of_appends_keeps_their_order(log: Log, name: str) -> None:
    """Writes handed over without waiting arrive in the order of the calls."""
    futures = [log.append_nowait(f"{name}.a", str(n).encode()) for n in range(300)]
    sequences = await asyncio.gather(*futures)
    assert sequences == sorted(sequences)
    entries = await log.get_many(sequences)
    assert [int(entry.payload) for entry in entries] == list(range(300))


async def test_get_many_leaves_out_what_is_gone(log: Log, name: str) -> None:
    """The order asked for is kept, and removed sequences are simply missing."""
    sequences = [await log.append(f"{name}.{subject}", subject.encode()) for subject in "abc"]
    await log.purge(f"{name}.b")
    found = await log.get_many([sequences[2], sequences[1], sequences[0], 10_000])
    assert [entry.payload for entry in found] == [b"c", b"a"]


async def test_nothing_there_is_none(log: Log, name: str) -> None:
    """Looking up what was never written is no error."""
    assert await log.last(f"{name}.a") is None
    assert await log.get(99) is None
    assert await log.get_many([]) == []


@pytest.mark.parametrize(("before", "left"), [(None, []), (0, [1, 2, 3]), (1, [1, 2, 3]), (3, [3]), (99, [])])
async def test_purge_removes_a_subject_up_to_a_sequence(
    log: Log, name: str, before: int | None, left: list[int]
) -> None:
    """Exactly what lies below `before` goes, and other subjects stay."""
    for _ in range(3):
        await log.append(f"{name}.a", b"")
    other = await log.append(f"{name}.b", b"")
    assert await log.purge(f"{name}.a", before=before) == 3 - len(left)
    found = await log.get_many([1, 2, 3, other])
    assert [entry.sequence for entry in found] == [*left, other]


async def test_message_above_max_payload_is_refused_here(log: Log, name: str, bus: Bus) -> None:
    """It never reaches the server, which would cut the connection for it."""
    with pytest.raises(TooLarge):
        log.append_nowait(f"{name}.a", bytes(bus.max_payload), msg_id="1")
    assert bus.is_connected


async def test_missing_stream_is_an_error_not_a_wait(bus: Bus, name: str) -> None:
    """A subject no stream takes, and a stream that is not there, are said to be so."""
    nowhere = Log(bus, f"{name}-nowhere")
    with pytest.raises(Unavailable):
        await nowhere.append(f"{name}-nowhere.a", b"")
    with pytest.raises(Refused):
        await nowhere.usage()


async def test_usage_tells_how_full_a_stream_is(log: Log, name: str) -> None:
    """Bytes and both ends of the log."""
    for _ in range(4):
        await log.append(f"{name}.a", bytes(1000))
    await log.purge(f"{name}.a", before=3)
    usage = await log.usage()
    assert (usage.first_sequence, usage.last_sequence, usage.max_bytes) == (3, 4, 0)
    assert 2000 < usage.bytes < 3000


async def test_first_is_the_oldest_message_that_was_not_removed(log: Log, name: str) -> None:
    """Of one subject among others; a message is removed once."""
    assert await log.first(f"{name}.a") is None
    sequences = [await log.append(f"{name}.{subject}", subject.encode()) for subject in "baab"]

    assert await log.remove(sequences[1])

    assert not await log.remove(sequences[1])
    entry = await log.first(f"{name}.a")
    assert entry is not None
    assert (entry.sequence, entry.payload) == (sequences[2], b"a")
