"""Sizes of pages."""

import pytest

from services.api.paging import page_size


@pytest.mark.parametrize(("asked", "given"), [(0, 50), (1, 1), (1000, 1000), (5000, 1000)])
def test_page_has_the_size_asked_for_within_its_limit(asked: int, given: int) -> None:
    """0 is the default."""
    assert page_size(asked) == given
