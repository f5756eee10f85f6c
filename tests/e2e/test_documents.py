"""What stands in the documents works: a reader types it, document by document, and gets what he was promised."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.clients.footage import Film
from tests.e2e.harness.hooks import Hooks, hooks
from tests.e2e.harness.machine import Machine
from tests.e2e.harness.reader import Reader
from tests.e2e.harness.waiting import until
from tests.rules.examples import RUN, Example, documents, examples

pytestmark = pytest.mark.e2e

FILM = Film(seconds=30)


@pytest.fixture
def sent() -> Iterator[Hooks]:
    with hooks() as server:
        yield server


@pytest.fixture
async def reader(gentle: Machine, tmp_path: Path, sent: Hooks) -> AsyncIterator[Reader]:
    opened = Reader(gentle, tmp_path, sent.url)
    yield opened
    await opened.close()


async def test_every_example_does_what_its_document_says(
    reader: Reader, sent: Hooks, films: Callable[[Film], Path], tmp_path: Path
) -> None:
    """From the first livestream to its recording as a file, and then what the other documents show of both."""
    (tmp_path / "film.mp4").symlink_to(films(FILM))
    for document in documents():
        for example in examples(document):
            if example.kind in RUN and not example.reason:
                await _try(reader, example)

    recording = tmp_path / f"{reader.known['media id']}.mp4"
    assert "video" in await reader.run("ffprobe", "-v", "error", "-show_entries", "stream=codec_type", str(recording))
    await until(lambda: bool(sent.seen), "a webhook", deadline_s=20)
    header, body = sent.seen[0]
    assert _signature_check()(reader.known["webhook secret"], header, body)
    assert not _signature_check()("another", header, body)


async def _try(reader: Reader, example: Example) -> None:
    try:
        if example.kind == "sh":
            await reader.type(example.text)
        else:
            await reader.run(sys.executable, "-c", reader.adapted(example.text))
    except (AssertionError, TimeoutError) as error:
        raise AssertionError(f"{example}: {error}") from None


def _signature_check() -> Callable[[str, str, bytes], bool]:
    """The function that docs/webhooks.md gives to whoever receives."""
    names: dict[str, Any] = {}
    (example,) = (one for one in examples("docs/webhooks.md") if one.kind == "python")
    exec(example.text, names)  # noqa: S102  of our own document
    checks: Callable[[str, str, bytes], bool] = names["is_ours"]
    return checks
