"""Decode times where one source follows another."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.packager.program.seam import MOST, Seam

FRAME = 3000


@given(st.integers(1, 4), st.integers(1, 4 * FRAME))
def test_pictures_to_be_decoded_too_early_are_decoded_faster(delay: int, late: int) -> None:
    """In order, none before the end of what there is, and none later than it is to be shown."""
    late = min(late, delay * FRAME)
    begin = 90_000
    first = begin - late
    seam = Seam.between(begin, first, FRAME)
    assert seam is not None
    sent = [first + number * FRAME for number in range(12)]
    decoded = [seam.decode_time(time) for time in sent]

    assert decoded[0] == begin
    assert all(after > before for before, after in pairwise(decoded))
    # All but the key frame are shown a frame after it at the earliest, and it is shown `delay` frames after its time.
    assert all(time <= first + (delay + 1) * FRAME for time in decoded if time < first + (delay + 1) * FRAME)
    assert decoded[-1] == sent[-1]


def test_what_fits_or_is_too_far_off_is_left_alone() -> None:
    """No picture is decoded earlier than sent, nor much later."""
    assert Seam.between(90_000, 90_000, FRAME) is None
    assert Seam.between(90_000, 90_001, FRAME) is None
    assert Seam.between(90_001 + MOST, 90_000, FRAME) is None
