"""Problem documents."""

import json

import pytest

from services.api.rest.problem import Problem, problem_of
from services.common.errors import AppError, Kind, Violation

STATUSES = {
    Kind.INVALID: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.NOT_FOUND: 404,
    Kind.CONFLICT: 409,
    Kind.FAILED_PRECONDITION: 409,
    Kind.LIMIT: 429,
    Kind.UNAVAILABLE: 503,
    Kind.NOT_IMPLEMENTED: 501,
    Kind.INTERNAL: 500,
}


@pytest.mark.parametrize(
    ("detail", "fields", "sentence"),
    [
        ("url: is needed", ("url", "events"), "url: is needed"),
        ("is needed", ("url", "events"), "url: is needed"),
        ("there is none", (), "there is none"),
    ],
)
def test_sentence_names_the_field_that_it_is_about(detail: str, fields: tuple[str, ...], sentence: str) -> None:
    """And no other that is wrong, too."""
    assert Problem(400, detail, tuple((name, "is needed") for name in fields)).sentence == sentence


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_its_status(kind: Kind) -> None:
    """The closed list of kinds is covered, and the document repeats the status."""
    problem = problem_of(AppError(kind, "words"))

    assert problem.status == STATUSES[kind]
    assert json.loads(problem.body())["status"] == STATUSES[kind]


def test_document_names_fields_at_fault() -> None:
    """`detail` for people, `errors` for programs."""
    error = AppError(
        Kind.INVALID, "two are wrong", violations=[Violation("name", "too long"), Violation("x", "unknown")]
    )

    document = json.loads(problem_of(error).body())

    assert document["detail"] == "two are wrong"
    assert document["errors"] == [{"field": "name", "detail": "too long"}, {"field": "x", "detail": "unknown"}]


def test_failed_if_match_is_412_and_any_other_conflict_409() -> None:
    """RFC 9110 section 13.1.1."""
    assert problem_of(AppError(Kind.CONFLICT, "x"), has_precondition=True).status == 412
    assert problem_of(AppError(Kind.FAILED_PRECONDITION, "x"), has_precondition=True).status == 409


def test_refusal_says_how_to_sign_in_and_when_to_come_back() -> None:
    """Headers that clients act on; seconds are rounded up."""
    assert problem_of(AppError(Kind.UNAUTHENTICATED, "x")).headers["WWW-Authenticate"].startswith("Bearer")
    assert problem_of(AppError(Kind.LIMIT, "x", retry_after_s=2.1)).headers["Retry-After"] == "3"
    assert problem_of(AppError(Kind.UNAVAILABLE, "x")).headers["Retry-After"] == "1"
    assert "Retry-After" not in problem_of(AppError(Kind.INVALID, "x")).headers
