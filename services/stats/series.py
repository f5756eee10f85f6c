"""When samples are taken, which of them are kept, and how one pages through them. Pure."""

import base64
import binascii
import re
from dataclasses import dataclass

from services.common.errors import AppError, Kind
from services.stats.figures import Counts

INTERVAL_MS = 10_000
KEEP_MS = 7 * 24 * 3_600_000
KEPT = KEEP_MS // INTERVAL_MS
"""Samples kept of one instance in Redis while the object store is away, about."""
KEEP_STORED_MS = 24 * 3_600_000
"""So long Redis keeps those that are in the object store, too."""
PAGE = 50
LARGEST_PAGE = 1000

_PLACE = re.compile(r"([^ ]*) (primary|secondary) (\d{1,15})")


@dataclass(frozen=True, slots=True)
class Sample:
    """One instance's figures in the time slot that begins at `slot_ms`."""

    slot_ms: int
    counts: Counts


def slot(now_ms: int) -> int:
    """The time slot of a moment. All replicas name it alike, so that each slot gets one sample."""
    return now_ms - now_ms % INTERVAL_MS


def until_next(now_ms: int) -> int:
    """Milliseconds until the next slot begins; never 0."""
    return INTERVAL_MS - now_ms % INTERVAL_MS


def is_due(counts: Counts, at_ms: int, last: Sample | None) -> bool:
    """Whether the slot gets a sample: something is there, or was in the sample before, so that curves end at zero."""
    if not counts.is_empty:
        return True
    # Two intervals: a slot may be missed while Redis is slow.
    return last is not None and not last.counts.is_empty and at_ms - last.slot_ms <= 2 * INTERVAL_MS


def page_size(asked: int) -> int:
    return min(asked or PAGE, LARGEST_PAGE)


def encode_place(livestream: str, instance: str, before_ms: int) -> str:
    """A page token: opaque, and good for the list of one livestream's instance."""
    return base64.urlsafe_b64encode(f"{livestream} {instance} {before_ms}".encode()).decode().rstrip("=")


def decode_place(livestream: str, instance: str, token: str) -> int | None:
    """Samples before this slot come next; None for an empty token. AppError(INVALID) for one of another list."""
    if not token:
        return None
    try:
        text = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error):
        text = ""
    found = _PLACE.fullmatch(text)
    if found is None or (found[1], found[2]) != (livestream, instance):
        raise AppError(Kind.INVALID, "is no page token of this list", field="pageToken")
    return int(found[3])
