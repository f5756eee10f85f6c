"""Times and spans of public messages."""

from services.api.timestamps import milliseconds, timestamp


def test_what_has_not_happened_has_no_time() -> None:
    """0 stands for never."""
    stamp = timestamp(1_700_000_000_123_456)

    assert timestamp(0) is None
    assert stamp is not None
    assert stamp.ToMicroseconds() == 1_700_000_000_123_456
    assert milliseconds(1_500).ToMilliseconds() == 1_500
