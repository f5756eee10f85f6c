"""Figures out of what Redis holds."""

import pytest

from services.stats.figures import Counts
from services.stats.reading import Encoders, Program, encoders_of, newest_program, reading

NOBODY = {"primary": Encoders(), "secondary": Encoders()}


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ([], None),
        ([b"B primary"], Program("B", "primary")),
        ([b"B secondary", b"B primary"], Program("B", "secondary")),
        ([b"B ", b"B primary"], Program("B", "")),
        ([b"B primary", b"B "], Program("B", "")),
        ([b"C primary", b"B ", b"B primary"], Program("C", "primary")),
        ([b"B unknown"], Program("B", "unknown")),
    ],
)
def test_newest_source_names_the_program(members: list[bytes], expected: Program | None) -> None:
    """The newest broadcast and where it comes from; one that has ended stays ended."""
    assert newest_program(members) == expected


def test_encoder_that_has_left_is_not_counted_though_it_arrives_late() -> None:
    """Its arrival may be heard after its departure."""
    present = [b"rtmp/1", b"rtmp/2", b"srt/3"]

    assert encoders_of(present, [b"rtmp/1"], {b"rtmp/1": b"9", b"rtmp/2": b"40", b"srt/3": b"2"}) == Encoders(1, 42)


@pytest.mark.parametrize(("instance", "primary", "secondary"), [("primary", 5, 0), ("secondary", 0, 5), ("", 0, 0)])
def test_viewers_count_where_the_program_comes_from(instance: str, primary: int, secondary: int) -> None:
    """They watch the program, and nobody watches one that has ended."""
    found = reading(Program("B", instance), NOBODY, 5, 9)

    assert (found.primary.hls_connections, found.secondary.hls_connections) == (primary, secondary)
    assert found.sum.hls_connections == primary + secondary
    assert found.unique_viewers == 9


def test_sum_is_every_encoder_and_every_bit() -> None:
    """Two instances that send are two connections."""
    both = {"primary": Encoders(1, 10), "secondary": Encoders(2, 20)}

    assert reading(None, both, 0, 0).sum == Counts(3, 0, 30)


@pytest.mark.parametrize(("sending", "expected"), [(("secondary",), "secondary"), ((), ""), (("primary",), "primary")])
def test_unknown_source_is_where_an_encoder_is(sending: tuple[str, ...], expected: str) -> None:
    """After Redis was emptied and when facts reach back no further; with no encoder it is a recording."""
    encoders = {name: Encoders(1 if name in sending else 0) for name in NOBODY}
    found = reading(Program("B", "unknown"), encoders, 3, 3)

    assert [name for name in ("primary", "secondary") if found.of(name).hls_connections] == (
        [expected] if expected else []
    )
