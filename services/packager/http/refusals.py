"""Answers that say no. The common ones are rendered once: a flood of bad requests must cost little."""

from functools import cache
from http import HTTPStatus

from services.packager.http.response import Response

ALLOWED = "GET, HEAD, OPTIONS"
"""The methods of an origin."""


class Refused(Exception):  # noqa: N818  it is an answer, not an error
    """Ends a request from anywhere in its handling with a refusal of `status`."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status} {HTTPStatus(status).phrase}")
        self.status = status

    @property
    def response(self) -> Response:
        """The answer to send."""
        return refusal(self.status)


@cache
def refusal(status: int) -> Response:
    """The shared plain-text answer of an error status; no cache may keep it."""
    headers = {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["allow"] = ALLOWED
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["retry-after"] = "1"
    return Response(status, headers, f"{HTTPStatus(status).phrase}\n".encode())


@cache
def preflight() -> Response:
    """The answer to OPTIONS (Fetch standard, 3.3.2): any page may read what an origin serves."""
    return Response(
        204,
        {
            "allow": ALLOWED,
            "access-control-allow-methods": ALLOWED,
            "access-control-allow-headers": "*, Authorization",
            "access-control-max-age": "86400",
        },
    )
