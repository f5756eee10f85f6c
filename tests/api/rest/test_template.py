"""Path templates."""

import pytest

from services.api.rest.template import compile_template

TEMPLATE = compile_template("/v1/livestreams/{livestream.id}:idle")


def test_variable_of_a_path_is_found_under_its_field() -> None:
    """The verb behind the colon is no part of it."""
    assert TEMPLATE.match("/v1/livestreams/abc:idle") == {"livestream.id": "abc"}


@pytest.mark.parametrize(
    "path", ["/v1/livestreams/abc", "/v1/livestreams/a/b:idle", "/v1/livestreams/:idle", "/v1/livestreams/a:idle/"]
)
def test_other_path_does_not_match(path: str) -> None:
    """One segment, neither empty nor with a colon of its own."""
    assert TEMPLATE.match(path) is None


def test_plain_text_is_taken_literally() -> None:
    """A dot is a dot."""
    assert compile_template("/v1.x").match("/v1ax") is None
