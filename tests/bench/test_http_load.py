"""The report of wrk."""

import pytest

from tests.bench.http_load import parse_wrk

REPORT = """Running 5s test @ http://127.0.0.1:8088/x/video.m3u8
  1 threads and 32 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.74ms    1.05ms  21.33ms   95.61%
    Req/Sec    19.16k     1.18k   20.41k    88.24%
  Latency Distribution
     50%    1.55ms
     75%    1.70ms
     90%    2.02ms
     99%  {late}
  97215 requests in 5.10s, {size} read
{errors}Requests/sec:  19063.72
Transfer/sec:     57.02MB
"""


@pytest.mark.parametrize(("late", "ms"), [("620.00us", 0.62), ("7.11ms", 7.11), ("1.20s", 1200), ("1.05m", 63_000)])
def test_latency_is_read_in_every_unit(late: str, ms: float) -> None:
    """wrk chooses the unit by size."""
    assert parse_wrk(REPORT.format(late=late, size="1.00MB", errors="")).p99_ms == pytest.approx(ms)


def test_requests_and_bytes_are_those_of_the_last_lines() -> None:
    """Sizes count by 1024."""
    found = parse_wrk(REPORT.format(late="7.11ms", size="2.50GB", errors=""))

    assert (found.requests, found.seconds, found.bytes, found.errors) == (97215, 5.1, 2.5 * 1024**3, "")


def test_errors_are_kept_as_wrk_says_them() -> None:
    """A rate of refusals is not taken for a rate of answers."""
    told = "  Socket errors: connect 0, read 3, write 0, timeout 1\n  Non-2xx or 3xx responses: 7\n"

    found = parse_wrk(REPORT.format(late="7.11ms", size="1.00MB", errors=told))

    assert found.errors == "Socket errors: connect 0, read 3, write 0, timeout 1 Non-2xx or 3xx responses: 7"


def test_other_text_is_no_report() -> None:
    """A refused connection has no figures."""
    with pytest.raises(ValueError, match="no report"):
        parse_wrk("unable to connect to 127.0.0.1:1 Connection refused")
