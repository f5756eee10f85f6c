"""Parts: one `moof` and one `mdat` each; a segment is its parts joined (ISO/IEC 14496-12, 8.8; 23000-19, 7.5).

The hottest code of the packager: three parts a second and rendition. So the whole of a `moof` is one row of 32-bit
words, packed at once, and media is copied once.
"""

import struct
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from services.packager.cmaf.init import NON_SYNC_FLAGS, SYNC_FLAGS

_MOOF, _MFHD, _TRAF, _TFHD, _TFDT, _TRUN, _MDAT = (
    int.from_bytes(kind, "big") for kind in (b"moof", b"mfhd", b"traf", b"tfhd", b"tfdt", b"trun", b"mdat")
)
_DEFAULT_BASE_IS_MOOF = 0x020000
_TFHD_DURATION, _TFHD_FLAGS = 0x8, 0x20
_TRUN_DATA_OFFSET, _TRUN_FIRST_FLAGS = 0x1, 0x4
_TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTS = 0x100, 0x200, 0x400, 0x800
_VERSION_1 = 1 << 24
_MASK_32 = 0xFFFFFFFF
_MAX_CTS = 0x7FFFFFFF


class Sample(NamedTuple):
    """One sample of ISO/IEC 14496-12: a coded picture or an audio frame. Times in ticks of the track's timescale."""

    payload: bytes
    duration: int
    """To the next sample's decode time."""
    cts: int
    """Presentation time less decode time; may be negative."""
    is_key: bool


def part(sequence: int, track_id: int, base_decode_time: int, samples: Sequence[Sample]) -> bytes:
    """Write one part. `base_decode_time` is the first sample's decode time in ticks of the track's timescale.

    ValueError if there is no sample, or a number does not fit its field (32 bits; the decode time 64).
    """
    if not samples:
        raise ValueError("a part needs at least one sample")
    payloads, durations, ctss, keys = zip(*samples, strict=True)
    sizes = list(map(len, payloads))
    defaults, run = _run(durations, sizes, keys, ctss)
    tfhd_flags = _DEFAULT_BASE_IS_MOOF | _TFHD_FLAGS | (_TFHD_DURATION if len(defaults) > 1 else 0)
    tfhd_size, trun_size = 16 + 4 * len(defaults), 12 + 4 * len(run)
    traf_size = 8 + tfhd_size + 20 + trun_size
    moof_size = 8 + 16 + traf_size
    run_flags, count, *rows = run
    head = (moof_size, _MOOF, 16, _MFHD, 0, sequence, traf_size, _TRAF)
    defaults_box = (tfhd_size, _TFHD, tfhd_flags, track_id, *defaults)
    decode_time = (20, _TFDT, _VERSION_1, base_decode_time >> 32, base_decode_time & _MASK_32)
    # The data offset is counted from the moof and leads past the header of the mdat (8.8.8.3).
    run_box = (trun_size, _TRUN, run_flags, count, moof_size + 8, *rows)
    words = (*head, *defaults_box, *decode_time, *run_box, 8 + sum(sizes), _MDAT)
    try:
        return b"".join((struct.pack(f">{len(words)}I", *words), *payloads))
    except struct.error as error:
        raise ValueError(f"part {sequence} of track {track_id}: a number does not fit its field") from error


def _run(
    durations: Sequence[int], sizes: Sequence[int], keys: Sequence[bool], ctss: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Give the defaults for `tfhd` (duration if all are equal, flags), and flags, count and rows of `trun`."""
    defaults, first, columns = [], [], [sizes]
    run_flags = _VERSION_1 | _TRUN_DATA_OFFSET | _TRUN_SIZE
    if durations.count(durations[0]) == len(durations):
        defaults.append(durations[0])
    else:
        run_flags |= _TRUN_DURATION
        columns.insert(0, durations)
    is_all_key = all(keys)
    defaults.append(SYNC_FLAGS if is_all_key else NON_SYNC_FLAGS)
    if any(keys[1:]) and not is_all_key:
        run_flags |= _TRUN_FLAGS
        columns.append([SYNC_FLAGS if is_key else NON_SYNC_FLAGS for is_key in keys])
    elif keys[0] and not is_all_key:
        run_flags |= _TRUN_FIRST_FLAGS
        first.append(SYNC_FLAGS)
    if any(ctss):
        if max(ctss) > _MAX_CTS or min(ctss) < -_MAX_CTS:
            raise ValueError("a sample's composition offset does not fit 32 bits")
        run_flags |= _TRUN_CTS
        columns.append([cts & _MASK_32 for cts in ctss])
    return defaults, [run_flags, len(sizes), *first, *chain.from_iterable(zip(*columns, strict=True))]
