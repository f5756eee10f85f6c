from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.common.settings_types import (
    HostPort,
    parse_bit_rate,
    parse_byte_size,
    parse_duration,
    parse_host_port,
    parse_url,
    shift,
    show_bit_rate,
    show_byte_size,
    show_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10s", 10), ("2m", 120), ("1h30m", 5400), ("250ms", 0.25), ("1.5", 1.5), ("7d", 604_800), ("0", 0), (3, 3)],
)
def test_durations_are_read(text: object, seconds: float) -> None:
    """A duration is a number with a unit, several of them, or plain seconds."""
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MB", 64_000_000), ("64MiB", 64 << 20), ("8G", 8 * 10**9), ("1.5k", 1500), ("7", 7), ("9B", 9)],
)
def test_byte_sizes_are_read(text: str, size: int) -> None:
    """Decimal and binary units are told apart, and the B may be left out."""
    assert parse_byte_size(text) == size


@pytest.mark.parametrize(
    ("text", "rate"), [("50Mbit/s", 50_000_000), ("50M", 50_000_000), ("800kbps", 800_000), ("96000", 96_000)]
)
def test_bit_rates_are_read(text: str, rate: int) -> None:
    """A rate is bits a second with or without its unit."""
    assert parse_bit_rate(text) == rate


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (parse_duration, "10 parsecs"),
        (parse_duration, "-1s"),
        (parse_duration, ""),
        (parse_duration, "1h!30m"),
        (parse_byte_size, "64 MBit"),
        (parse_byte_size, "I"),
        (parse_byte_size, "1i"),
        (parse_byte_size, "much"),
        (parse_bit_rate, "50MB"),
        (parse_host_port, "localhost"),
        (parse_host_port, "host:99999"),
        (parse_host_port, "::1:80"),
        (parse_host_port, "http://h:80"),
        (parse_host_port, ":80"),
        (parse_host_port, "[h]:80"),
        (parse_url, "host:9000"),
        (parse_url, "http://"),
    ],
)
def test_nonsense_is_refused_with_what_is_expected(parse: Callable[[object], object], text: str) -> None:
    """A wrong value raises ValueError whose text is an example of a right one."""
    with pytest.raises(ValueError, match="such as"):
        parse(text)


@pytest.mark.parametrize("text", ["127.0.0.1:4222", "[::1]:80", "nats.example:0"])
def test_addresses_read_back_as_written(text: str) -> None:
    """Host and port survive reading and writing, IPv6 in brackets."""
    assert str(parse_host_port(text)) == text
    assert parse_host_port(HostPort("h", 1)) == HostPort("h", 1)


@given(st.integers(0, 10**6).map(lambda quarters: quarters / 4))
def test_shown_durations_read_back(seconds: float) -> None:
    """What the docs show as a default can be typed in as a value."""
    assert parse_duration(show_duration(seconds)) == pytest.approx(seconds)


@given(st.one_of(st.integers(0, 1 << 50), st.integers(1, 999).map(lambda number: number << 20)))
def test_shown_sizes_and_rates_read_back(number: int) -> None:
    """Sizes and rates are shown exactly."""
    assert parse_byte_size(show_byte_size(number)) == number
    assert parse_bit_rate(show_bit_rate(number)) == number


@given(st.text(max_size=20))
def test_parsers_only_ever_raise_value_error(text: str) -> None:
    """No text, however odd, gets another exception out of a parser."""
    for parse in (parse_duration, parse_byte_size, parse_bit_rate, parse_host_port, parse_url):
        try:
            parse(text)
        except ValueError:
            continue


def test_defaults_of_the_port_table_move() -> None:
    """An offset moves ports, addresses and the port of an URL."""
    assert shift(8080, 100) == 8180
    assert shift(HostPort("h", 1), 100) == HostPort("h", 101)
    assert shift("nats://127.0.0.1:4222", 100) == "nats://127.0.0.1:4322"
