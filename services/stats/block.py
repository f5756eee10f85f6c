"""Blocks of samples: what goes into which, and how it is written. Pure.

A block holds one instance's samples of one stretch of time. Stretches lie at the same places for every replica, and
differ from livestream to livestream, so that not all blocks become due at once.
"""

import zlib
from collections.abc import Sequence
from itertools import groupby

from headwater.internal.v1.samples_pb2 import SampleBlock
from services.stats.figures import FIGURES, Counts
from services.stats.series import INTERVAL_MS, Sample

SETTLE_MS = 60_000
"""So long after its slot no replica adds a sample any more, however slow it is and however wrong its clock."""
LONGEST_MS = 3_600_000
"""No block is longer."""
MOST_BYTES = 1 << 16
"""No block is larger; one of an hour is a tenth of it."""


def due_until(newest_ms: int, now_ms: int, block_ms: int, livestream: str) -> int:
    """Samples up to this slot are to be stored now; `newest_ms` is the slot of the newest there is.

    Where none has come for a while the broadcast is over, or silent: all of them. Else those of whole stretches.
    """
    settled_ms = now_ms - SETTLE_MS
    if newest_ms <= settled_ms:
        return newest_ms
    return settled_ms - (settled_ms - _phase(livestream, block_ms)) % block_ms - 1


def cut(samples: Sequence[Sample], block_ms: int, livestream: str) -> list[list[Sample]]:
    """Samples, oldest first, as blocks."""
    phase = _phase(livestream, block_ms)
    return [list(some) for _, some in groupby(samples, lambda sample: (sample.slot_ms - phase) // block_ms)]


def encode(livestream: str, instance: str, samples: Sequence[Sample]) -> bytes:
    """A block of at least one sample, oldest first. The same samples give the same bytes."""
    times = [sample.slot_ms // 1000 for sample in samples]
    block = SampleBlock(livestream_id=livestream, instance=instance, first_s=times[0])
    block.steps_s.extend(late - early for early, late in zip([times[0], *times], times, strict=False))
    for figure in FIGURES:
        getattr(block, figure.column).extend(getattr(sample.counts, figure.column) for sample in samples)
    return block.SerializeToString(deterministic=True)


def decode(data: bytes) -> list[Sample]:
    """The samples of a block, oldest first. DecodeError for what is none."""
    block = SampleBlock.FromString(data)
    columns = {figure.column: list(getattr(block, figure.column)) for figure in FIGURES}
    samples, time_s = [], block.first_s
    for place, step_s in enumerate(block.steps_s):
        time_s += step_s
        counts = {column: values[place] for column, values in columns.items() if place < len(values)}
        samples.append(Sample(time_s * 1000, Counts(**counts)))
    return samples


def _phase(livestream: str, block_ms: int) -> int:
    slots = max(block_ms // INTERVAL_MS, 1)
    return zlib.crc32(livestream.encode()) % slots * INTERVAL_MS
