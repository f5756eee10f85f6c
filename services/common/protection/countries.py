"""Countries of addresses, out of a table the operator supplies: `first,last,country` a line, as DB-IP publishes it."""

import csv
from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address

_WIDTH = 3


class CountryTable:
    """Ranges in order, looked up by halving. Empty, every country is unknown."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """ValueError names the line that is wrong."""
        ranges: dict[int, list[tuple[int, int, str]]] = {4: [], 6: []}
        for number, row in enumerate(csv.reader(lines), 1):
            if row:
                version, entry = _entry(row, number)
                ranges[version].append(entry)
        self._ranges = {version: sorted(found) for version, found in ranges.items()}
        self._starts = {version: [first for first, _, _ in found] for version, found in self._ranges.items()}

    def __len__(self) -> int:
        return sum(len(found) for found in self._ranges.values())

    def country_of(self, address: IPv4Address | IPv6Address) -> str:
        """ISO 3166-1, two letters; empty where it is not known."""
        at = bisect_right(self._starts[address.version], int(address)) - 1
        if at < 0:
            return ""
        _, last, country = self._ranges[address.version][at]
        return country if int(address) <= last else ""


def _entry(row: list[str], number: int) -> tuple[int, tuple[int, int, str]]:
    try:
        first, last = ip_address(row[0].strip()), ip_address(row[1].strip())
        country = row[2].strip().upper()
    except (ValueError, IndexError):
        raise ValueError(f"line {number} is not first,last,country") from None
    if len(row) < _WIDTH or first.version != last.version or int(first) > int(last) or len(country) != 2:
        raise ValueError(f"line {number} is not first,last,country")
    return first.version, (int(first), int(last), country)
