"""What a request shows of its sender, in each of its three forms."""

import base64

import pytest

from services.api.credentials import Credential, read_credential


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("metadata", "shown"),
    [
        ({"authorization": "Bearer hw_x"}, Credential("hw_x")),
        ({"authorization": "bearer   hw_x "}, Credential("hw_x")),
        ({"authorization": basic("id:hw_x")}, Credential("hw_x", "id")),
        ({"authorization": basic("admin:a:b")}, Credential("a:b", "admin")),
        ({"x-auth-email": "a@b.c", "x-auth-key": "hw_x"}, Credential("hw_x")),
        ({"authorization": "Bearer a", "x-auth-email": "a@b.c", "x-auth-key": "b"}, Credential("a")),
    ],
)
def test_credential_is_read_from_where_it_stands(metadata: dict[str, str], shown: Credential) -> None:
    """Bearer, Basic, and e-mail with key; Authorization wins."""
    assert read_credential(metadata.items()) == shown


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"authorization": ""},
        {"authorization": "Bearer "},
        {"authorization": "Digest hw_x"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic \xff\xfe"},
        {"authorization": basic("id")},
        {"authorization": basic("id:")},
        {"authorization": basic(":secret")},
        {"authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
        {"x-auth-key": "hw_x"},
        {"x-auth-email": "a@b.c", "x-auth-key": " "},
    ],
)
def test_what_cannot_be_read_is_no_credential(metadata: dict[str, str]) -> None:
    """Neither half of one, nor another scheme."""
    assert read_credential(metadata.items()) is None


def test_endless_secret_is_cut() -> None:
    """It is hashed, so its length is bounded."""
    shown = read_credential([("authorization", "Bearer " + "x" * 100_000)])

    assert shown is not None
    assert len(shown.secret) < 2000
