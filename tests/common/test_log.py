import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from services.common import log


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    logging.captureWarnings(capture=False)


def _lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_json_line_says_what_where_and_when(out: io.StringIO) -> None:
    """One event is one JSON object with time, level, program, module and its own keys."""
    log.configure(program="ingest", replica="ingest-2", stream=out)
    log.get_logger("services.ingest.server").info("listening", port=1935)
    (line,) = _lines(out)

    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "level": "info",
        "program": "ingest",
        "replica": "ingest-2",
        "event": "listening",
        "module": "ingest.server",
        "port": 1935,
    }


def test_bound_keys_ride_along_and_leave_again(out: io.StringIO) -> None:
    """Keys bound around a block are on every line inside it and on none after it."""
    log.configure(program="ingest", replica="ingest", stream=out)
    logger = log.get_logger("x")
    with log.bound(livestream="abc", instance="primary"):
        logger.info("inside")
    logger.info("outside")
    inside, outside = _lines(out)

    assert (inside["livestream"], inside["instance"]) == ("abc", "primary")
    assert "livestream" not in outside


def test_secrets_and_bytes_never_reach_a_line(out: io.StringIO) -> None:
    """A stream key, a bearer token in a message and raw bytes are all masked."""
    log.configure(program="ingest", replica="ingest", stream=out)
    log.get_logger("x").warning("refused Bearer abc.def", stream_key="k1k2k3", head=b"\x03secretbytes")

    text = out.getvalue()
    assert "abc.def" not in text
    assert "k1k2k3" not in text
    assert "secretbytes" not in text
    assert "<12 bytes>" in text


def test_stdlib_loggers_end_in_the_same_lines(out: io.StringIO) -> None:
    """A library that logs by the standard library is redacted and formatted as we are."""
    log.configure(program="api", replica="api", stream=out)
    logging.getLogger("some.library").warning("lost %s", "nats://u:p@h")
    (line,) = _lines(out)

    assert (line["event"], line["level"], line["module"]) == (
        "lost nats://********@h",
        "warning",
        "some.library",
    )


def test_exception_is_one_json_line(out: io.StringIO) -> None:
    """A traceback is a field of its event, not lines of its own."""
    log.configure(program="api", replica="api", stream=out)
    try:
        int("boom")
    except ValueError:
        log.get_logger("x").exception("failed")
    (line,) = _lines(out)

    assert "ValueError: invalid literal" in line["exception"]


def test_level_filters_ours_and_theirs(out: io.StringIO) -> None:
    """Below the level nothing is written, whoever says it."""
    log.configure(program="api", replica="api", level="warning", stream=out)
    log.get_logger("x").info("quiet")
    logging.getLogger("lib").info("quiet")

    assert out.getvalue() == ""


def test_text_is_one_line_of_key_value(out: io.StringIO) -> None:
    """On a terminal an event is one line; a peer's line breaks cannot forge a second."""
    log.configure(program="api", replica="api", form="text", stream=out)
    log.get_logger("x").info("said", words="two words", forged="a\nERROR fake")
    (line,) = out.getvalue().splitlines()

    assert 'words="two words"' in line
    assert " info    api: said " in line


def test_storm_of_warnings_is_cut(out: io.StringIO) -> None:
    """A thousand identical warnings do not become a thousand lines."""
    log.configure(program="api", replica="api", stream=out)
    for _ in range(1000):
        log.get_logger("x").warning("closed", peer="1.2.3.4")

    assert 0 < len(_lines(out)) < 50


def test_unprintable_values_do_not_break_a_line(out: io.StringIO) -> None:
    """Logging never raises: objects and lone surrogates are written somehow."""
    log.configure(program="api", replica="api", stream=out)
    log.get_logger("x").info("odd", thing=object(), text="\ud800", big=1 << 80)

    assert len(_lines(out)) == 1
