"""Signatures: the same as the reference client's."""

from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, quote, urlencode

from hypothesis import given
from hypothesis import strategies as st
from minio.credentials.credentials import Credentials
from minio.signer import sign_v4_s3

from services.common.objects_signing import Signer

NOW = datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC)
HOST = "store.example:9000"


def expected(path: str, query: dict[str, str], now: datetime) -> str:
    """What minio-py signs."""
    url = SplitResult("http", HOST, path, urlencode(query, quote_via=quote), "")
    signed = sign_v4_s3(
        method="PUT",
        url=url,
        region="us-east-1",
        headers={
            "Host": HOST,
            "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
            "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"),
        },
        credentials=Credentials("access", "secret"),
        content_sha256="UNSIGNED-PAYLOAD",
        date=now,
    )
    return str(signed["Authorization"])


def made(signer: Signer, path: str, query: str, now: datetime) -> str:
    lines = signer.headers("PUT", HOST, path, query, now).split("\r\n")
    (found,) = [line.partition(": ")[2] for line in lines if line.startswith("Authorization")]
    return found


@given(st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1))
def test_signature_is_that_of_the_reference_client(key: str) -> None:
    """Whatever letters a key has."""
    path = f"/bucket/{quote(key, safe='/~')}"

    assert made(Signer("access", "secret", "us-east-1"), path, "", NOW) == expected(path, {}, NOW)


def test_part_of_an_upload_is_signed_with_its_query() -> None:
    """Two parameters, in the order of their names."""
    signer = Signer("access", "secret", "us-east-1")

    found = made(signer, "/bucket/a", "partNumber=7&uploadId=a%2Fb", NOW)

    assert found == expected("/bucket/a", {"partNumber": "7", "uploadId": "a/b"}, NOW)


def test_key_of_the_day_changes_at_midnight() -> None:
    """One signer, before and after."""
    signer, later = Signer("access", "secret", "us-east-1"), NOW + timedelta(seconds=2)

    assert made(signer, "/b/k", "", NOW) == expected("/b/k", {}, NOW)
    assert made(signer, "/b/k", "", later) == expected("/b/k", {}, later)
