"""What thumbnails are asked to be: times, sizes, and how a picture comes into a box."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.packager.hls.query import QueryError
from services.packager.origin.wanted_picture import MAX_SIDE, Fit, Fitting, WantedPicture, fitting, read_wanted

SIDES = st.integers(1, MAX_SIDE)


@pytest.mark.parametrize(
    ("text", "seconds"), [("5", 5), ("5s", 5), ("1.5s", 1.5), ("2m", 120), ("1m30s", 90), ("1h12m27s", 4347), ("0", 0)]
)
def test_time_is_read_in_each_spelling(text: str, seconds: float) -> None:
    """Plain seconds, or hours, minutes and seconds with their letters."""
    assert read_wanted({"time": text}).time_s == seconds


@pytest.mark.parametrize(
    "parameters",
    [
        {"time": "soon"},
        {"time": "-1"},
        {"time": "1s1m"},
        {"time": "9" * 40},
        {"width": "0"},
        {"width": "2001"},
        {"height": "1e3"},
        {"height": "٣"},
        {"fit": "cover"},
    ],
)
def test_nonsense_is_refused_in_words(parameters: dict[str, str]) -> None:
    """The name of what is wrong stands in the text of the 400."""
    with pytest.raises(QueryError, match=next(iter(parameters))):
        read_wanted(parameters)


def test_nothing_asked_for_is_the_usual() -> None:
    """Empty values count as none, and other names are not ours."""
    assert read_wanted({"time": "", "width": "", "token": "x"}) == WantedPicture()


@pytest.mark.parametrize(
    ("query", "to"),
    [
        ({}, Fitting((640, 360), (640, 360))),
        ({"width": "320"}, Fitting((320, 180), (320, 180))),
        ({"height": "90"}, Fitting((160, 90), (160, 90))),
        ({"width": "100", "height": "100"}, Fitting((178, 100), (100, 100))),
        ({"width": "100", "height": "100", "fit": "clip"}, Fitting((100, 56), (100, 56))),
        ({"width": "100", "height": "100", "fit": "scale"}, Fitting((100, 100), (100, 100))),
        ({"width": "100", "height": "100", "fit": "fill"}, Fitting((100, 56), (100, 100))),
        ({"width": "2000", "height": "2000", "fit": "clip"}, Fitting((1920, 1080), (1920, 1080))),
        ({"width": "2000", "fit": "clip"}, Fitting((1920, 1080), (1920, 1080))),
    ],
)
def test_full_hd_comes_into_a_box(query: dict[str, str], to: Fitting) -> None:
    """Cut, whole, stretched or padded; a side that was not given follows the other."""
    assert fitting(1920, 1080, read_wanted(query)) == to


@given(SIDES, SIDES, SIDES, SIDES, st.sampled_from(Fit))
def test_any_picture_fits_into_any_box(width: int, height: int, wide: int, high: int, fit: Fit) -> None:
    """Never larger than the box; of the box's size but for clip; and what is cut is at least as large as the box."""
    found = fitting(width, height, WantedPicture(None, wide, high, fit))

    assert found.final[0] <= wide
    assert found.final[1] <= high
    assert fit is Fit.CLIP or found.final == (wide, high)
    if fit is Fit.CROP:
        assert found.scaled[0] >= wide
        assert found.scaled[1] >= high
        assert max(found.scaled) <= 4 * MAX_SIDE
    else:
        assert found.scaled[0] <= wide
        assert found.scaled[1] <= high
