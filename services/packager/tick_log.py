"""One group's subject in the CMAF log: read where it ends, write on, and notice when somebody else does.

As design.md section 4, point 2, decides. Each write names the subject's last message, so there is one order and one
writer.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from headwater.internal.v1.cmaf_pb2 import Segment, State
from services.common.bus.entry import Entry
from services.common.bus.errors import Unavailable, WrongSequence
from services.common.bus.log import Log
from services.common.media.tick import EncodedTick, Frame, LoggedTick, TickAssembler, TickError, decode_frame
from services.common.telemetry import outgoing
from services.packager.program.draft import Draft
from services.packager.program.ledger import Ledger

_RETRY_S = 0.1
_MAX_WALK = 4096
"""Messages walked back to the last state: segments are short, so more means a broken log."""


class FencedError(Exception):
    """Another writer has the subject now; this one must stop."""


class BrokenLogError(Exception):
    """The subject's end cannot be read: what it refers to is gone."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the log says of a broadcast."""

    ledger: Ledger
    segments: list[Segment] = field(default_factory=list)
    """Segments closed since the last state, and the one before: their messages may be missing."""
    trace: Mapping[str, str] = field(default_factory=dict)
    """Headers of the message that has the state: in which trace it was written."""


class TickLog:
    """Reads and writes one subject."""

    def __init__(self, log: Log, subject: str) -> None:
        self._log = log
        self._subject = subject

    async def last(self) -> Entry | None:
        """The subject's last message. Errors: Unavailable."""
        return await self._log.last(self._subject)

    async def load(self, state: State, *, window_s: float) -> Found:
        """The ledger as of the last whole tick; with `state` if there is none. Errors: BrokenLogError, Unavailable."""
        ledger = Ledger(state, window_s=window_s)
        last = await self.last()
        if last is None:
            return Found(ledger)
        try:
            messages = await self._since_state(last)
            ticks = _assemble(messages)
        except TickError as error:
            raise BrokenLogError(f"{self._subject}: {error}") from error
        found = Found(ledger, trace=messages[0][0].headers)
        for tick, sequences in ticks:
            if (segment := ledger.apply(tick.head, sequences)) is not None:
                found.segments.append(segment)
        if not found.segments and ledger.state.HasField("last_segment"):
            found.segments.append(ledger.state.last_segment)
        ledger.last_sequence = last.sequence
        ledger.epoch = max(ledger.epoch, decode_frame(last.payload).epoch)
        return found

    async def _since_state(self, last: Entry) -> list[tuple[Entry, Frame]]:
        """Walk back to the tick that has the state which the last whole tick names; all messages from there on."""
        entry: Entry | None = last
        messages: list[tuple[Entry, Frame]] = []
        stop_at: int | None = None
        for _ in range(_MAX_WALK):
            if entry is None:
                raise BrokenLogError(f"{self._subject}: a message that a later one names is gone")
            frame = decode_frame(entry.payload)
            messages.insert(0, (entry, frame))
            if frame.index == 0 and stop_at is None:
                stop_at = _state_of(messages)
            if (stop_at is not None and entry.sequence <= stop_at) or frame.previous == 0:
                return messages
            entry = await self._log.get(frame.previous)
        raise BrokenLogError(f"{self._subject}: no state within {_MAX_WALK} messages")

    async def write(self, draft: Draft, *, previous: int, headers: Mapping[str, str] | None = None) -> list[int]:
        """Write a tick after the subject's message `previous`; the sequences of its messages.

        `headers` go with the first of them.

        It waits while NATS is away, and never writes twice. Errors: FencedError.
        """
        tick = EncodedTick(draft.head, draft.parts, max_payload=self._log.bus.max_payload - 1024)
        sequences: list[int] = []
        for index in range(tick.count):
            after = sequences[-1] if sequences else previous
            sequences.append(await self._append(tick, index, after, headers if index == 0 else None))
        return sequences

    async def _append(self, tick: EncodedTick, index: int, previous: int, headers: Mapping[str, str] | None) -> int:
        while True:
            message = tick.pieces(index, previous=previous)
            try:
                return await self._log.append(self._subject, message, expected_last=previous, headers=headers)
            except WrongSequence:
                last = await self._find_last()
                if last is not None and last.payload == b"".join(message):
                    return last.sequence  # ours: its acknowledgement was lost
                if last is not None and last.sequence > previous:
                    raise FencedError(f"epoch {decode_frame(last.payload).epoch} has taken over") from None
                if last is None:
                    previous = 0  # retention has taken the subject's last message
                else:
                    await wait_for(self._log)  # a replica that has not heard of the newest message yet
            except Unavailable:
                await wait_for(self._log)

    async def _find_last(self) -> Entry | None:
        while True:
            try:
                return await self.last()
            except Unavailable:
                await wait_for(self._log)


async def append_for_good(log: Log, subject: str, payload: bytes, *, msg_id: str) -> int:
    """Write a message whatever it takes; written twice under one `msg_id` it is there once."""
    headers = outgoing()
    while True:
        try:
            return await log.append(subject, payload, msg_id=msg_id, headers=headers)
        except Unavailable:
            await wait_for(log)


async def wait_for(log: Log) -> None:
    """Return when it may be worth asking the log again."""
    if log.bus.is_connected:
        await asyncio.sleep(_RETRY_S)
    else:
        await log.bus.wait_connected()


def _state_of(messages: list[tuple[Entry, Frame]]) -> int | None:
    """The sequence of the state which the whole tick at the front names; None if that tick is not whole."""
    assembler = TickAssembler()
    for entry, frame in messages[: messages[0][1].count]:
        tick = assembler.feed(entry.sequence, entry.payload)
        if tick is not None and frame.completes_tick:
            return tick.head.state_sequence or tick.first_sequence
    return None


def _assemble(messages: list[tuple[Entry, Frame]]) -> list[tuple[LoggedTick, list[int]]]:
    assembler = TickAssembler()
    ticks: list[tuple[LoggedTick, list[int]]] = []
    sequences: list[int] = []
    for entry, frame in messages:
        sequences = [entry.sequence] if frame.index == 0 else [*sequences, entry.sequence]
        if (tick := assembler.feed(entry.sequence, entry.payload)) is not None:
            ticks.append((tick, sequences))
    return ticks
