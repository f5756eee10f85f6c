"""Whether a text is WebVTT (W3C, section 4): signature, and cues whose times are in order. Pure."""

import re

from services.common.errors import AppError, Kind

LIMIT = 10 << 20
"""Bytes."""

_TIME = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING = re.compile(rf"\s*{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+\S.*)?\s*")


def check(text: bytes) -> None:
    """AppError(INVALID) that names the line at fault."""
    if len(text) > LIMIT:
        raise _refused(f"may have {LIMIT >> 20} MB at most")
    try:
        decoded = text.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _refused("must be UTF-8") from None
    lines = decoded.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT([ \t]|$)", lines[0]):
        raise _refused("must begin with WEBVTT")
    for number, line in enumerate(lines, 1):
        if "-->" in line:
            _check_timing(line, number)


def _check_timing(line: str, number: int) -> None:
    found = _TIMING.fullmatch(line)
    if found is None:
        raise _refused(f"line {number}: the times of a cue are written 00:01.000 --> 00:02.000")
    times = found.groups()
    if _milliseconds(times[4:]) <= _milliseconds(times[:4]):
        raise _refused(f"line {number}: a cue must end after it begins")


def _milliseconds(time: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in time)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _refused(detail: str) -> AppError:
    return AppError(Kind.INVALID, detail, field="text")
