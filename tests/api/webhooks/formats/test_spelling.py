"""Times and ids in bodies."""

from hypothesis import given
from hypothesis.strategies import integers

from services.api.webhooks.formats.spelling import moment, moment_or_none


@given(integers(1, 4_102_444_800_000_000))
def test_time_is_written_with_all_its_digits(time_us: int) -> None:
    """RFC 3339 in UTC with six digits, whatever the time."""
    text = moment(time_us)

    assert (len(text), text[-8], text[-1]) == (27, ".", "Z")
    assert moment_or_none(time_us) == text
    assert moment_or_none(0) is None
