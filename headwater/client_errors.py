"""What can go wrong between a client and the API."""

from collections.abc import Mapping
from typing import Any


class ApiError(Exception):
    """The API answered with an error: a problem document of RFC 9457."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        """HTTP status."""
        self.problem = problem
        """The whole document, with members such as `errors` that name fields."""
        self.title = str(problem.get("title") or f"HTTP status {status}")
        self.detail = str(problem.get("detail") or self.title)
        super().__init__(f"{self.detail} (HTTP {status})")


class UnreachableError(Exception):
    """Nobody answers at the address, or not in time."""
