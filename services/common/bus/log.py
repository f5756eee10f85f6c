"""A JetStream stream as a log: append, look up, read on from a place, cut off the past."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from services.common.bus.client import Payload
from services.common.bus.connection import Bus
from services.common.bus.entry import Entry, parse_stored
from services.common.bus.errors import Refused
from services.common.bus.reader import Reader
from services.common.bus.wire import EXPECTED_LAST, MSG_ID, encode_headers, is_missing, parse_ack

APPEND_TIMEOUT_S = 2.0
GET_TIMEOUT_S = 2.0

_GETS_AT_ONCE = 16
_NO_SUCH_MESSAGE = 10043


@dataclass(frozen=True, slots=True)
class Usage:
    """How full a stream is; `max_bytes` is 0 where there is no limit."""

    bytes: int
    max_bytes: int
    first_sequence: int
    last_sequence: int


class Log:
    """One stream. Its subjects are the caller's business (services.common.subjects)."""

    def __init__(self, bus: Bus, stream: str) -> None:
        self.bus = bus
        self.stream = stream

    async def append(
        self,
        subject: str,
        payload: Payload,
        *,
        msg_id: str | None = None,
        expected_last: int | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = APPEND_TIMEOUT_S,
    ) -> int:
        """Write and wait until it is in the log; its sequence.

        `expected_last` is the sequence of the subject's last message (0: none). A repeated `msg_id` within the stream's
        duplicate window is not written again and gives the first one's sequence. Errors: WrongSequence, TooLarge,
        Refused, and Unavailable, after which it may be in the log or not.
        """
        return await self.append_nowait(
            subject,
            payload,
            msg_id=msg_id,
            expected_last=expected_last,
            headers=headers,
            timeout_s=timeout_s,
        )

    def append_nowait(
        self,
        subject: str,
        payload: Payload,
        *,
        msg_id: str | None = None,
        expected_last: int | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = APPEND_TIMEOUT_S,
    ) -> asyncio.Future[int]:
        """Hand a write to the connection now and get the future of its sequence, for a window of writes in flight.

        Writes arrive in the order of the calls. Raises at once: Unavailable (not connected: nothing was sent),
        TooLarge. The future's errors are those of `append`; one left unread is not complained about.
        """
        block = _header_block(msg_id, expected_last, headers)
        return self.bus.ask(subject, payload, decode=parse_ack, headers=block, timeout_s=timeout_s)

    async def last(self, subject: str, *, timeout_s: float = GET_TIMEOUT_S) -> Entry | None:
        """The subject's last message. A replica may answer that is a moment behind; a fenced write finds that out."""
        found = await self.bus.ask(
            f"$JS.API.DIRECT.GET.{self.stream}.{subject}", b"", decode=parse_stored, timeout_s=timeout_s
        )
        return found if isinstance(found, Entry) else None

    async def newest(self, filter_subject: str, *, timeout_s: float = GET_TIMEOUT_S) -> Entry | None:
        """The last message of any of the subjects that match (wildcards allowed)."""
        question = orjson.dumps({"last_by_subj": filter_subject})
        found = await self.bus.ask(
            f"$JS.API.DIRECT.GET.{self.stream}", question, decode=parse_stored, timeout_s=timeout_s
        )
        return found if isinstance(found, Entry) else None

    async def first(self, subject: str, *, timeout_s: float = GET_TIMEOUT_S) -> Entry | None:
        """The subject's oldest message that is still there."""
        question = orjson.dumps({"seq": 1, "next_by_subj": subject})
        found = await self.bus.ask(
            f"$JS.API.DIRECT.GET.{self.stream}", question, decode=parse_stored, timeout_s=timeout_s
        )
        return found if isinstance(found, Entry) else None

    async def get(self, sequence: int, *, timeout_s: float = GET_TIMEOUT_S) -> Entry | None:
        """The message with this sequence; None if it was removed or is not there yet."""
        found = await self._ask_for(sequence, timeout_s)
        return found if isinstance(found, Entry) else None

    async def get_many(self, sequences: Sequence[int], *, timeout_s: float = 2 * GET_TIMEOUT_S) -> list[Entry]:
        """Those of the messages that are there, in the order asked for; up to 16 on their way at a time."""
        found: list[Entry] = []
        for start in range(0, len(sequences), _GETS_AT_ONCE):
            asked = [self._ask_for(sequence, timeout_s) for sequence in sequences[start : start + _GETS_AT_ONCE]]
            found += [entry for entry in await asyncio.gather(*asked) if isinstance(entry, Entry)]
        return found

    def _ask_for(self, sequence: int, timeout_s: float) -> asyncio.Future[Entry | bool]:
        subject = f"$JS.API.DIRECT.GET.{self.stream}"
        question = orjson.dumps({"seq": sequence})
        return self.bus.ask(subject, question, decode=parse_stored, timeout_s=timeout_s)

    async def remove(self, sequence: int) -> bool:
        """Remove one message; False if there is none."""
        try:
            await self.bus.api(f"STREAM.MSG.DELETE.{self.stream}", {"seq": sequence, "no_erase": True})
        except Refused as error:
            if is_missing(error) or error.err_code == _NO_SUCH_MESSAGE:
                return False
            raise
        return True

    async def purge(self, subject: str, *, before: int | None = None) -> int:
        """Remove the subject's messages, or those with a sequence below `before`; how many went."""
        body: dict[str, str | int] = {"filter": subject}
        if before is not None:
            if before <= 1:
                return 0  # JetStream takes 0 for "all"
            body["seq"] = before
        answer = await self.bus.api(f"STREAM.PURGE.{self.stream}", body)
        return int(answer.get("purged", 0))

    async def usage(self) -> Usage:
        """How full the stream is and from where to where it reaches."""
        answer = await self.bus.api(f"STREAM.INFO.{self.stream}")
        state = answer["state"]
        max_bytes = max(0, int(answer["config"].get("max_bytes", 0)))
        return Usage(int(state["bytes"]), max_bytes, int(state["first_seq"]), int(state["last_seq"]))

    def read(self, filter_subjects: Sequence[str], *, from_sequence: int = 1) -> Reader:
        """An iterator over the entries of these subjects (wildcards allowed) from a sequence on, without end."""
        return Reader(self.bus, self.stream, filter_subjects, from_sequence=from_sequence)


def _header_block(msg_id: str | None, expected_last: int | None, more: Mapping[str, str] | None) -> bytes:
    if msg_id is not None and expected_last is None and not more and "\r" not in msg_id and "\n" not in msg_id:
        return f"NATS/1.0\r\n{MSG_ID}: {msg_id}\r\n\r\n".encode()
    pairs = dict(more or {})
    if msg_id is not None:
        pairs[MSG_ID] = msg_id
    if expected_last is not None:
        pairs[EXPECTED_LAST] = str(expected_last)
    return encode_headers(pairs)
