"""What a window of time is divided by."""

import pytest

from tests.bench.accounting import Usage
from tests.bench.encoders import sent_s
from tests.bench.load import Reading, cpu_ms, summed
from tests.bench.streams import cpu_table, is_ours, memory_table


def reading(streams: int, ingest_mb: float) -> Reading:
    """With two programs of ours and a server."""
    cpu = {"ingest": 2.0, "packager": 3.0, "nats": 4.0}
    rss = {"ingest": int(ingest_mb * 1e6), "packager": 70_000_000, "nats": 20_000_000}
    return Reading(streams, 60.0, cpu, rss, 0.0, ("packager",) if streams == 2 else ())


def test_cpu_is_by_the_second_of_each_stream() -> None:
    """Ten streams for ten seconds are a hundred stream-seconds."""
    before, after = {"ingest": Usage(1.0, 0)}, {"ingest": Usage(1.5, 0), "late": Usage(9.0, 0)}

    assert cpu_ms(before, after, 100) == pytest.approx({"ingest": 5.0})


def test_servers_are_counted_apart_from_our_programs() -> None:
    """The goal is about ours alone."""
    rows = {row[0]: row[1:] for row in cpu_table([reading(0, 80), reading(1, 81)]).rows}

    assert (rows["our programs"], rows["nats"], rows["with servers"]) == ((5.0,), (4.0,), (9.0,))
    assert rows["redis"] == (None,)
    assert summed({"ingest": 1.0, "s3": 5.0}, is_ours) == 1.0


def test_program_that_was_started_again_is_named() -> None:
    """A figure that is not of the whole window says so."""
    assert "2 streams: packager was started again" in cpu_table([reading(2, 80)]).notes


def test_memory_of_a_stream_is_the_slope() -> None:
    """What is there without streams is not the streams'."""
    rows = {row[0]: row for row in memory_table([reading(0, 80), reading(1, 82.5), reading(2, 85)]).rows}

    assert rows["ingest"][-1] == pytest.approx(2.5)
    assert rows["packager"][-1] == pytest.approx(0.0)
    assert rows["our programs"][1:4] == (150.0, 152.5, 155.0)
    assert rows["our programs"][-1] == pytest.approx(2.5)


def test_progress_of_an_encoder_is_its_last_block() -> None:
    """Earlier blocks, and a time that is not known yet, are passed over."""
    text = "out_time_us=1000000\nprogress=continue\nout_time_us=2500000\nprogress=continue\nout_time_us=N/A\n"

    assert sent_s(text) == 2.5
    assert sent_s("") == 0.0
