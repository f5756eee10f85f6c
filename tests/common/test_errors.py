from services.common.errors import AppError, Kind, Violation


def test_single_field_becomes_one_violation() -> None:
    """`field=` is short for one violation that carries the sentence."""
    error = AppError(Kind.INVALID, "must not be empty", field="name")

    assert error.violations == (Violation("name", "must not be empty"),)
    assert error.field == "name"


def test_several_violations_keep_their_order() -> None:
    """All fields at fault are told at once, the first one first."""
    faults = (Violation("name", "too long"), Violation("outputs[0].url", "not an URL"))
    error = AppError(Kind.INVALID, "2 fields are wrong", violations=iter(faults))

    assert error.violations == faults
    assert error.field == "name"


def test_error_reads_as_kind_and_sentence() -> None:
    """In a log an error shows its kind and its sentence."""
    assert str(AppError(Kind.NOT_FOUND, "no livestream x")) == "not-found: no livestream x"
    assert AppError(Kind.LIMIT, "slow down", retry_after_s=2.0).retry_after_s == 2.0
    assert AppError(Kind.LIMIT, "slow down").field is None


def test_kinds_are_a_closed_list() -> None:
    """A new kind is a change of contract: every edge needs a row for it."""
    assert {kind.name for kind in Kind} == {
        "INVALID",
        "UNAUTHENTICATED",
        "FORBIDDEN",
        "NOT_FOUND",
        "CONFLICT",
        "FAILED_PRECONDITION",
        "LIMIT",
        "UNAVAILABLE",
        "NOT_IMPLEMENTED",
        "INTERNAL",
    }
