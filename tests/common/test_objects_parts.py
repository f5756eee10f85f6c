"""Cutting a stream into parts: nothing lost, nothing doubled, every part but the last of one size."""

from hypothesis import given
from hypothesis import strategies as st

from services.common.objects_parts import PartBuffer


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 25))
def test_parts_and_rest_are_the_stream(chunks: list[bytes], part_bytes: int) -> None:
    """Joined they are what came in; what is held is always less than a part."""
    buffer = PartBuffer(part_bytes)
    parts: list[bytes] = []
    for chunk in chunks:
        parts += [b"".join(part) for part in buffer.add(chunk)]
        assert sum(map(len, buffer.rest())) < part_bytes
    assert all(len(part) == part_bytes for part in parts)
    assert b"".join(parts) + b"".join(buffer.rest()) == b"".join(chunks)
    assert buffer.size == sum(map(len, chunks))
