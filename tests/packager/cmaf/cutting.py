"""Coded streams cut into parts and segments by the writer under test, at the times the packager would choose."""

from itertools import groupby
from operator import itemgetter

from services.packager.cmaf.part import Sample, part
from tests.common.media.encoded import Stream, Unit

PARTS_A_SECOND = 3


def segments(stream: Stream, *, segment_s: float = 1, track_id: int = 1) -> list[list[bytes]]:
    """Cut at the first key at or after each `segment_s`; the parts of each segment, in bytes."""
    ticks = stream.rate // PARTS_A_SECOND
    cut: list[list[bytes]] = []
    sequence = 0
    for units in _between_keys(stream, round(segment_s * stream.rate)):
        cut.append([])
        for _, few in groupby(_numbered(units, ticks), key=itemgetter(0)):
            sequence += 1
            rows = [unit for _, unit in few]
            samples = [Sample(payload, duration, cts, is_key) for payload, _, cts, duration, is_key in rows]
            cut[-1].append(part(sequence, track_id, rows[0][1], samples))
    return cut


def _numbered(units: list[Unit], ticks: int) -> list[tuple[int, Unit]]:
    """Each unit with the number of its part within the segment."""
    return [((unit[1] - units[0][1]) // ticks, unit) for unit in units]


def _between_keys(stream: Stream, ticks: int) -> list[list[Unit]]:
    groups: list[list[Unit]] = []
    for unit in stream.units:
        is_due = not groups or unit[1] - groups[-1][0][1] >= ticks
        if is_due and unit[4]:
            groups.append([])
        groups[-1].append(unit)
    return groups
