"""The ticks of one broadcast off the log, from the start of its window on."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from headwater.internal.v1.cmaf_pb2 import State
from services.common.bus.entry import Entry
from services.common.bus.errors import Unavailable
from services.common.bus.log import Log
from services.common.log import get_logger
from services.common.media.tick import LoggedTick, TickAssembler, TickError, decode_frame, decode_head

_RETRY_S = 0.2
_MAX_WALK = 64
"""Messages walked back to a whole tick: what dead writers left unfinished is short."""

_log = get_logger(__name__)


class LogLostError(Exception):
    """The log goes on at an earlier place than it had reached: it is another one."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A tick, where its messages lie, and whether it is the newest there was at the beginning, or newer."""

    tick: LoggedTick
    sequences: list[int]
    is_caught_up: bool


async def read_ticks(log: Log, subject: str) -> AsyncGenerator[Heard, None]:
    """Every tick from the live window's first on, without end. Errors: Refused, LogLostError."""
    start, newest = await _find_start(log, subject)
    assembler, sequences, last = TickAssembler(), list[int](), 0
    async with log.read([subject], from_sequence=start) as entries:
        async for entry in entries:
            if entry.sequence <= last:
                raise LogLostError(f"{subject}: sequence {entry.sequence} after {last}")
            last = entry.sequence
            try:
                is_first = decode_frame(entry.payload).index == 0
                sequences = [last] if is_first else [*sequences, last]
                tick = assembler.feed(last, entry.payload)
            except TickError as error:
                _log.error("a tick cannot be read", subject=subject, sequence=last, reason=str(error))
                continue
            if tick is not None:
                yield Heard(tick, sequences, entries.is_caught_up or last >= newest)


async def _find_start(log: Log, subject: str) -> tuple[int, int]:
    """Where the live window begins and where the last whole tick ends; waits while NATS is away."""
    while True:
        try:
            last = await log.last(subject)
            return (1, 0) if last is None else await _window_start(log, last)
        except Unavailable:
            await asyncio.sleep(_RETRY_S)


async def _window_start(log: Log, last: Entry) -> tuple[int, int]:
    """By the state of the last whole tick; from 1, all there is, if that is gone."""
    entry: Entry | None = last
    newest = 0
    for _ in range(_MAX_WALK):
        if entry is None:
            break
        frame = decode_frame(entry.payload)
        newest = newest or (entry.sequence if frame.completes_tick else 0)
        head = decode_head(entry.payload) if newest else None
        if head is None:
            entry = await log.get(frame.previous) if frame.previous else None
        elif head.HasField("state"):
            return _first_of(head.state, entry.sequence), newest
        else:
            entry = await log.get(head.state_sequence)
    return 1, newest


def _first_of(state: State, sequence: int) -> int:
    if state.window:
        return state.window[0].sequence
    # Said again in the middle of the first segment, which has begun before.
    return state.segment_sequences[0] if state.segment_sequences else sequence
