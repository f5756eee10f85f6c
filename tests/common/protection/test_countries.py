"""The table of countries: ranges of both kinds of address, and errors that name the line."""

from ipaddress import ip_address

import pytest

from services.common.protection.countries import CountryTable

TABLE = ["10.0.1.0,10.0.1.255,AT", "10.0.0.0,10.0.0.255,de", "", "2001:db8::,2001:db8::ffff,CH"]


@pytest.mark.parametrize(
    ("address", "country"),
    [
        ("10.0.0.0", "DE"),
        ("10.0.0.255", "DE"),
        ("10.0.1.7", "AT"),
        ("10.0.2.0", ""),
        ("9.255.255.255", ""),
        ("2001:db8::9", "CH"),
        ("2001:db8::1:0", ""),
    ],
)
def test_country_is_that_of_the_range(address: str, country: str) -> None:
    """Both ends belong to it; between ranges nothing is known."""
    assert CountryTable(TABLE).country_of(ip_address(address)) == country


def test_empty_table_knows_nothing() -> None:
    """Where none is supplied."""
    assert (len(CountryTable()), CountryTable().country_of(ip_address("10.0.0.1"))) == (0, "")


@pytest.mark.parametrize(
    "line", ["10.0.0.1", "a,b,AT", "10.0.0.2,10.0.0.1,AT", "10.0.0.1,::1,AT", "10.0.0.1,10.0.0.2,AUT"]
)
def test_wrong_line_is_named(line: str) -> None:
    """So that an operator finds it."""
    with pytest.raises(ValueError, match="line 2"):
        CountryTable(["10.0.0.0,10.0.0.0,AT", line])
