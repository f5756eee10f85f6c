"""Which samples of a segment a piece of a recording has, and the segment of these alone. Pure.

Nothing is encoded again: samples are kept or dropped, and the heads of the parts written anew as one (ISO/IEC
14496-12, 8.8). Times of samples are presentation times in ticks of the track's timescale.
"""

import struct
from collections.abc import Sequence

from services.common.media.box import box, data_header, full_box
from services.common.media.fragment import NON_SYNC, FragmentSample, read_segment
from services.common.media.init_segment import InitSegment

_US = 1_000_000
_TFHD_FLAGS = 0x020000
"""Data offsets are counted from the moof."""
_TRUN_FLAGS = 0x1 | 0x100 | 0x200 | 0x400 | 0x800
"""Data offset; of each sample its duration, size, flags and composition offset."""
_SYNC_FLAGS, _NON_SYNC_FLAGS = 0x02000000, 0x01000000 | NON_SYNC


def samples_of(data: bytes, init: InitSegment) -> list[FragmentSample]:
    """All samples of a segment, in the order of decoding. ValueError if it is malformed."""
    return [sample for fragment in read_segment(data, init) for sample in fragment.samples]


def time_us(ticks: int, init: InitSegment) -> int:
    """Ticks as microseconds, rounded down."""
    return ticks * _US // init.timescale


def shown(sample: FragmentSample) -> int:
    """When a sample is presented."""
    return sample.dts + sample.cts


def shown_from(samples: Sequence[FragmentSample]) -> int:
    """When the first of them is presented."""
    return min(map(shown, samples))


def last_key(samples: Sequence[FragmentSample], until: int) -> int | None:
    """Where the last key frame that is presented until then stands."""
    found = [place for place, each in enumerate(samples) if each.is_key and shown(each) <= until]
    return found[-1] if found else None


def from_key(samples: Sequence[FragmentSample], place: int) -> list[FragmentSample]:
    """The key frame and what can be decoded after it: not what is shown before it, which needs what is dropped."""
    key = samples[place]
    return [key, *(each for each in samples[place + 1 :] if shown(each) >= shown(key))]


def until(samples: Sequence[FragmentSample], end: int) -> list[FragmentSample]:
    """All that is presented before `end`, and what is needed for it to be decoded and shown without a hole.

    Where pictures are coded in another order than they are shown, what is shown last may need one that comes after the
    end; then it goes on until all that are kept follow one another: at most as many pictures as are reordered.
    """
    count = max((place + 1 for place, each in enumerate(samples) if shown(each) < end), default=0)
    while count:
        last = max(map(shown, samples[:count]))
        between = [place for place, each in enumerate(samples[count:], count) if shown(each) < last]
        if not between:
            break
        count = between[-1] + 1
    return list(samples[:count])


def sounding(samples: Sequence[FragmentSample], begin: int | None, end: int | None) -> list[FragmentSample]:
    """Frames of sound of which something is heard from `begin` to `end`; None: from or to where they are."""
    return [
        each
        for each in samples
        if (begin is None or shown(each) + each.duration > begin) and (end is None or shown(each) < end)
    ]


def write(data: bytes, kept: Sequence[FragmentSample], init: InitSegment) -> bytes:
    """A segment of one part that has these samples of `data`. Each lasts until the next is decoded.

    ValueError if there is none.
    """
    if not kept:
        raise ValueError("a segment needs at least one sample")
    nexts = [each.dts for each in kept[1:]] + [kept[-1].dts + kept[-1].duration]
    rows = b"".join(
        struct.pack(">IIIi", end - each.dts, each.size, _SYNC_FLAGS if each.is_key else _NON_SYNC_FLAGS, each.cts)
        for each, end in zip(kept, nexts, strict=True)
    )
    media = [data[each.offset : each.offset + each.size] for each in kept]
    head = data_header(b"mdat", sum(map(len, media)))
    size = len(_movie(init.track_id, kept[0].dts, rows, len(kept), 0))
    return b"".join((_movie(init.track_id, kept[0].dts, rows, len(kept), size + len(head)), head, *media))


def _movie(track_id: int, decode_time: int, rows: bytes, count: int, data_offset: int) -> bytes:
    run = full_box(b"trun", 1, _TRUN_FLAGS, struct.pack(">Ii", count, data_offset), rows)
    track = box(
        b"traf",
        full_box(b"tfhd", 0, _TFHD_FLAGS, struct.pack(">I", track_id)),
        full_box(b"tfdt", 1, 0, struct.pack(">Q", decode_time)),
        run,
    )
    return box(b"moof", full_box(b"mfhd", 0, 0, struct.pack(">I", 1)), track)
