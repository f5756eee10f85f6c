"""The judge of joined recordings can say no."""

from fractions import Fraction

import pytest

from tests.clients.frames import Frame, Tracks, differences
from tests.clients.sequence import Jump, holes, jumps, owners

STEP = Fraction(1, 30)


def film(count: int, *, start: Fraction = Fraction(0), name: str = "a") -> tuple[Frame, ...]:
    return tuple(Frame(start + n * STEP, start + n * STEP, 100, f"{name}{n}") for n in range(count))


def test_whole_film_has_neither_jumps_nor_holes() -> None:
    """Frames in order at their times are well."""
    assert jumps([film(9)], film(9)) == []
    assert holes(film(9), STEP) == []


def test_frames_left_out_or_shown_again_are_counted() -> None:
    """A jump says where and how far."""
    whole = film(9)
    assert jumps([whole], whole[:3] + whole[5:]) == [Jump(3, 2)]
    assert jumps([whole], whole[:6] + whole[4:]) == [Jump(6, -2)]


def test_film_that_another_goes_on_with_is_counted_through() -> None:
    """Two encodings of one film have their frames at the same places."""
    one, other = film(9), film(9, name="b")
    assert jumps([one, other], one[:5] + other[5:]) == []
    assert jumps([one, other], one[:5] + other[2:]) == [Jump(5, -3)]


def test_frame_that_nobody_sent_is_refused() -> None:
    """A stranger in the recording is no jump but an error."""
    with pytest.raises(AssertionError, match="nobody sent"):
        jumps([film(3)], (*film(3), *film(1, name="b")))


def test_hole_of_one_frame_passes_and_of_two_does_not() -> None:
    """At most one frame's time may be missing at a join, and time never runs back."""
    assert holes(film(3) + film(3, start=4 * STEP), STEP) == []
    assert len(holes(film(3) + film(3, start=5 * STEP), STEP)) == 1
    assert holes(film(3) + film(3, start=2 * STEP), STEP)


def test_what_is_shown_has_holes_and_not_what_is_decoded() -> None:
    """A picture may be decoded later than usual; it may not be shown so, nor at the time of another."""

    def frame(dts: int, pts: int) -> Frame:
        return Frame(dts * STEP, pts * STEP, 100, f"{dts}")

    assert holes([frame(0, 2), frame(1, 3), frame(4, 4), frame(5, 5)], STEP) == []
    assert holes([frame(0, 2), frame(1, 3), frame(2, 6)], STEP) == ["0.100 s before frame 2"]
    assert holes([frame(0, 2), frame(1, 3), frame(2, 3)], STEP) == ["0.000 s before frame 2"]


def test_interleaved_films_are_seen_as_more_than_one_switch() -> None:
    """One clean switch is two runs."""
    first, second = film(4), film(4, name="b")
    assert owners(first + second, [first, second]) == [0, 1]
    assert owners(first[:2] + second[:1] + first[2:] + second[1:], [first, second]) == [0, 1, 0, 1]


def test_recording_that_lost_a_frame_or_its_times_differs() -> None:
    """A frame missing, doubled or changed is told, and so are times that moved unlike the others."""
    sent = Tracks(film(9), film(9, name="s"))
    assert differences(sent, Tracks(film(9, start=Fraction(5)), film(9, start=Fraction(5), name="s"))) == []
    assert differences(sent, Tracks(film(8), sent.audio))
    assert differences(sent, Tracks(film(9), film(9, start=Fraction(1, 100), name="s")))
    late = (*sent.video[:-1], Frame(sent.video[-1].dts, sent.video[-1].pts + Fraction(1, 200), 100, "a8"))
    assert differences(sent, Tracks(late, sent.audio))
    assert differences(Tracks((), ()), Tracks((), ())) == ["nothing was sent"]
