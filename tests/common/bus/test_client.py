"""What we ask of nats-py's private parts, checked against the version that is installed."""

from collections.abc import Sequence

import pytest

from services.common.bus.connection import Bus
from services.common.bus.splitter import Message
from tests.common.bus.waiting import until

pytestmark = pytest.mark.connected


async def test_tap_that_raises_does_not_end_the_reading(bus: Bus, name: str) -> None:
    """One message that is not understood costs that message only."""
    heard: list[bytes] = []

    def choke(_subject: bytes, _reply: bytes, _headers: bytes, payload: bytes) -> None:
        if payload == b"bad":
            raise RuntimeError("choked")
        heard.append(payload)

    bus.add_tap(name, choke)
    bus.publish(name, b"bad")
    bus.publish(name, b"good")
    await bus.flush()
    assert heard == [b"good"]


async def test_run_tap_is_handed_what_came_together_and_may_raise(bus: Bus, name: str) -> None:
    """Of its own subscription only, in order, and one that comes alone by itself."""
    runs: list[list[bytes]] = []
    alone: list[bytes] = []

    def choke(messages: Sequence[Message]) -> None:
        runs.append([payload for *_, payload in messages])
        if runs[-1][-1] == b"3":
            raise RuntimeError("choked")

    tap = bus.add_tap(name, lambda _subject, _reply, _headers, payload: alone.append(payload), choke)
    other: list[bytes] = []
    beside = bus.add_tap(f"{name}.other", lambda _subject, _reply, _headers, payload: other.append(payload))
    said = [(tap, b"1"), (tap, b"2"), (tap, b"3"), (beside, b"x"), (beside, b"y"), (tap, b"4"), (beside, b"z")]
    bus._client._hear([(sid, b"s", b"r", b"", payload) for sid, payload in said])
    bus.remove_tap(tap)
    bus._client._hear([(tap, b"s", b"r", b"", b"5")] * 2)
    assert (runs, alone, other) == ([[b"1", b"2", b"3"]], [b"4"], [b"x", b"y", b"z"])


async def test_flush_proves_that_all_before_it_was_sent(bus: Bus, name: str) -> None:
    """nats-py's own ping overtakes what is pending."""
    heard: list[bytes] = []
    bus.add_tap(name, lambda _subject, _reply, _headers, payload: heard.append(payload))
    for n in range(200):
        bus.publish(name, str(n).encode())
        await bus.flush()
        assert len(heard) == n + 1


@pytest.mark.parametrize(
    "complaint", ["'slow consumer'", "'maximum payload violation'", "'unknown protocol operation'"]
)
async def test_server_that_hangs_up_on_us_is_dialled_again(bus: Bus, complaint: str) -> None:
    """nats-py would close for good; a program of ours would then be deaf for the rest of its life."""
    await bus._client._process_err(complaint)
    assert not bus.is_connected
    await until(lambda: bus.is_connected)
    await bus.flush()


async def test_permission_complaint_leaves_the_connection(bus: Bus) -> None:
    """A subject that is not allowed is no reason to hang up; the server does not either."""
    await bus._client._process_err("'permissions violation for publish to \"x\"'")
    assert bus.is_connected


@pytest.mark.parametrize("size", [0, 1, 65_536, 1_048_576, 8_000_000])
async def test_payload_of_any_size_comes_back_whole(bus: Bus, name: str, size: int) -> None:
    """Messages larger than what one read gives are put together."""
    heard: list[bytes] = []
    bus.add_tap(name, lambda _subject, _reply, _headers, payload: heard.append(payload))
    sent = bytes(i & 0xFF for i in range(251)) * (size // 251 + 1)
    bus.publish(name, memoryview(sent)[:size], headers=b"NATS/1.0\r\nA: b\r\n\r\n")
    await until(lambda: bool(heard))
    assert heard == [sent[:size]]
