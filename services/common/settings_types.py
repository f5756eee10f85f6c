"""What a setting can be: durations, sizes, rates, addresses. Each says how it is written, for errors and the docs."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field


@dataclass(frozen=True, slots=True)
class Spelling:
    """How values of a type are written: what to tell who got it wrong, and how a default is shown."""

    expected: str
    show: Callable[[Any], str] = str


class HostPort(NamedTuple):
    """A TCP or UDP address."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Shifted:
    """Marks a setting whose default comes from the port table, so that the port offset moves it."""


_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_FACTORS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_BINARY = {"KI": 2**10, "MI": 2**20, "GI": 2**30, "TI": 2**40}
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?I?)B?", re.IGNORECASE)
_RATE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:bit/s|bps)?", re.IGNORECASE)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/?#]+[^\s]*", re.IGNORECASE)

_DURATION = "a duration such as 250ms, 10s, 2m, 1h30m, or plain seconds"
_BYTE_SIZE = "a size such as 64MB, 64MiB, 8G, or plain bytes"
_BIT_RATE = "a rate such as 50Mbit/s, 50M, or plain bits a second"
_HOST_PORT = "an address such as 127.0.0.1:4222 or [::1]:4222"
_PORT = "a port number from 0 to 65535"
_ANY_URL = "an URL such as http://host:9000"


def parse_duration(value: object) -> float:
    """Seconds of "250ms", "10s", "1h30m" or a plain number of seconds; ValueError where it is none."""
    if isinstance(value, int | float):
        return float(value)
    text = str(value).strip().replace(" ", "").lower()
    if _NUMBER.fullmatch(text):
        return float(text)
    parts = _DURATION_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(_DURATION)
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def show_duration(seconds: float) -> str:
    """The shortest spelling of a duration: 90.0 is "1m30s"."""
    if seconds < 1 and seconds:
        return f"{seconds * 1000:g}ms"
    shown, rest = "", seconds
    for unit in ("d", "h", "m"):
        count, rest = divmod(rest, _SECONDS[unit])
        shown += f"{int(count)}{unit}" if count else ""
    return shown + (f"{rest:g}s" if rest or not shown else "")


def parse_byte_size(value: object) -> int:
    """Bytes of "64MB" (10^6), "64MiB" (2^20), "8G" or a plain number; ValueError where it is none."""
    if isinstance(value, int):
        return value
    found = _SIZE.fullmatch(str(value).strip())
    unit = found[2].upper() if found else "I"
    if found is None or unit == "I":
        raise ValueError(_BYTE_SIZE)
    return round(float(found[1]) * (_FACTORS | _BINARY)[unit])


def show_byte_size(size: int) -> str:
    """The shortest exact spelling of a size: 64000000 is "64MB"."""
    units = [(factor, f"{unit}B") for unit, factor in _FACTORS.items() if unit]
    units += [(factor, f"{unit[0]}iB") for unit, factor in _BINARY.items()]
    fitting = [(factor, unit) for factor, unit in units if size and size % factor == 0]
    factor, unit = max(fitting, default=(1, ""))
    return f"{size // factor}{unit}"


def parse_bit_rate(value: object) -> int:
    """Bits a second of "50Mbit/s", "50M" or a plain number; ValueError where it is none."""
    if isinstance(value, int):
        return value
    found = _RATE.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(_BIT_RATE)
    return round(float(found[1]) * _FACTORS[found[2].upper()])


def show_bit_rate(rate: int) -> str:
    """The shortest exact spelling of a rate: 50000000 is "50Mbit/s"."""
    size = show_byte_size(rate)
    return f"{size[:-1]}bit/s" if size.endswith("B") and not size.endswith("iB") else f"{rate}"


def parse_host_port(value: object) -> HostPort:
    """Host and port of "host:1", "[::1]:1"; ValueError where it is none."""
    if isinstance(value, tuple):
        return HostPort(*value)
    host, colon, port = str(value).strip().rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    bare = host[1:-1] if bracketed else host
    if not (colon and bare and port.isascii() and port.isdigit() and int(port) <= _MAX_PORT):
        raise ValueError(_HOST_PORT)
    if (":" in bare) != bracketed or "/" in bare:
        raise ValueError(_HOST_PORT)
    return HostPort(bare, int(port))


def parse_url(value: object) -> str:
    """An absolute URL without a slash at its end; ValueError where it is none."""
    text = str(value).strip()
    if not _URL.fullmatch(text):
        raise ValueError(_ANY_URL)
    return text.rstrip("/")


def _split(value: object) -> object:
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


def shift(default: Any, offset: int) -> Any:
    """A default of the port table (a port, an address, an URL with a port) moved by `offset`."""
    if isinstance(default, HostPort):
        return HostPort(default.host, default.port + offset)
    if isinstance(default, str):
        return re.sub(r":(\d+)$", lambda found: f":{int(found[1]) + offset}", default)
    return default + offset


_MAX_PORT = 65_535

Duration = Annotated[float, BeforeValidator(parse_duration), Field(ge=0), Spelling(_DURATION, show_duration)]
"""Seconds; written "10s", "2m", "1h30m" or as plain seconds."""
ByteSize = Annotated[int, BeforeValidator(parse_byte_size), Field(ge=0), Spelling(_BYTE_SIZE, show_byte_size)]
"""Bytes; written "64MB", "64MiB" or as plain bytes."""
BitRate = Annotated[int, BeforeValidator(parse_bit_rate), Field(ge=0), Spelling(_BIT_RATE, show_bit_rate)]
"""Bits a second; written "50Mbit/s", "50M" or as plain bits a second."""
PortNumber = Annotated[int, Field(ge=0, le=_MAX_PORT), Shifted(), Spelling(_PORT)]
"""A port of this program's own; 0 is any free one; its default moves with the port offset."""
Address = Annotated[HostPort, BeforeValidator(parse_host_port), Spelling(_HOST_PORT)]
"""Where something else listens."""
LocalAddress = Annotated[Address, Shifted()]
"""Where another program of ours listens; its default moves with the port offset."""
Url = Annotated[str, BeforeValidator(parse_url), Spelling(_ANY_URL)]
LocalUrl = Annotated[Url, Shifted()]
"""Where a part that `headwater run` starts listens; its default moves with the port offset."""
CommaList = Annotated[
    tuple[str, ...],
    BeforeValidator(_split),
    Spelling("words with commas between", ",".join),
]
Networks = Annotated[
    tuple[IPv4Network | IPv6Network, ...],
    BeforeValidator(_split),
    Spelling("addresses or networks with commas between", lambda found: ",".join(str(network) for network in found)),
]
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser()), Spelling("a folder", lambda path: f"./{path}")]
