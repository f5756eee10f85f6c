"""Allowed origins: exactly the sites that are named."""

import pytest

from services.common.protection.origins import is_shown_by


@pytest.mark.parametrize(
    ("allowed", "origin", "expected"),
    [
        ("example.com", "https://example.com", True),
        ("example.com", "https://EXAMPLE.com", True),
        ("example.com", "https://example.com:443", True),
        ("example.com", "http://example.com:80", True),
        ("example.com", "https://example.com:8443", False),
        ("example.com", "https://www.example.com", False),
        ("example.com", "https://example.com.evil.org", False),
        ("example.com", "https://notexample.com", False),
        ("*.example.com", "https://a.example.com", True),
        ("*.example.com", "https://a.b.example.com", True),
        ("*.example.com", "https://example.com", False),
        ("*.example.com", "https://badexample.com", False),
        ("localhost:3000", "http://localhost:3000", True),
        ("localhost", "http://localhost:3000", False),
        ("example.com", "null", False),
        ("example.com", "https://example.com@evil.org", False),
        ("example.com", "https://[", False),
    ],
)
def test_origin_is_compared_with_each_pattern(allowed: str, origin: str, expected: bool) -> None:
    """Host for host, port for port; a star is one or more names below."""
    assert is_shown_by([allowed], origin, "") is expected


def test_referer_counts_only_without_origin() -> None:
    """Players that send no Origin send where they are."""
    assert is_shown_by(["example.com"], "", "https://example.com/page?x=1")
    assert not is_shown_by(["example.com"], "https://evil.org", "https://example.com/")


def test_neither_header_is_no_site() -> None:
    """Who does not say where he shows it is not let in."""
    assert not is_shown_by(["example.com"], "", "")
