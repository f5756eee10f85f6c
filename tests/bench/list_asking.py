"""Asking the lists over HTTP, one request after the other, and how long each took."""

import http.client
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import orjson

from tests.bench.estate import Estate
from tests.bench.list_questions import Document, Question, other, questions

_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Took:
    """One answer: how long from the request sent to the last byte, and how large."""

    question: Question
    ms: float
    size: int


@dataclass
class Asker:
    """One connection with a token."""

    url: str
    token: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)

    def ask(self, question: Question) -> tuple[Took, Document]:
        """RuntimeError for an answer that is no success: what fails fast is not fast."""
        began = time.perf_counter()
        self._connection.request("GET", question.target, headers={"Authorization": f"Bearer {self.token}"})
        answer = self._connection.getresponse()
        body = answer.read()
        ms = (time.perf_counter() - began) * 1e3
        if answer.status != 200:
            raise RuntimeError(f"{question.target}: {answer.status} {body[:300]!r}")
        return Took(question, ms, len(body)), orjson.loads(body)

    def close(self) -> None:
        self._connection.close()


def ask_random(asker: Asker, estate: Estate, count: int, seed: int) -> list[Took]:
    """So many requests: by turns the first page of a random list, and another page of it."""
    took: list[Took] = []
    dice = random.Random(seed + 1)
    for first, listing in questions(estate, seed):
        measured, answer = asker.ask(first)
        further, _ = asker.ask(other(first, listing, answer, dice))
        took += (measured, further)
        if len(took) >= count:
            return took
    return took


@dataclass
class Beside:
    """How long a small request took while others were answered."""

    ms: list[float] = field(default_factory=list)


@contextmanager
def small_requests(url: str, token: str, path: str, *, each_s: float = 0.01) -> Iterator[Beside]:
    """Somebody else asks for one small thing again and again: what he waits is what a large request blocks."""
    beside, is_over = Beside(), threading.Event()

    def run() -> None:
        asker = Asker(url, token)
        while not is_over.wait(each_s):
            beside.ms.append(asker.ask(Question("", path, {}))[0].ms)
        asker.close()

    thread = threading.Thread(target=run, name="small requests")
    thread.start()
    try:
        yield beside
    finally:
        is_over.set()
        thread.join()
