"""Who is held to the rules, and the codes of those who break them."""

import pytest

from headwater.internal.v1.onair_pb2 import Rules
from services.common.input_rules import QUOTA_REFUSAL, applies, code_of


@pytest.mark.parametrize(
    ("record", "is_hidden", "expected"),
    [(True, False, True), (True, True, True), (False, False, True), (False, True, False)],
)
def test_rules_hold_for_what_is_shown_or_kept(record: bool, is_hidden: bool, expected: bool) -> None:
    """What is only relayed is not held to them."""
    assert applies(Rules(record=record, is_hidden=is_hidden)) is expected


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (QUOTA_REFUSAL, "ERR_STORAGE_QUOTA_EXHAUSTED"),
        ("ERR_STORAGE_QUOTA_EXHAUSTED", "ERR_STORAGE_QUOTA_EXHAUSTED"),
        ("ERR_ELSE: nothing of ours", ""),
        ("the livestream is disabled", ""),
        ("", ""),
    ],
)
def test_refusal_begins_with_its_code(refusal: str, code: str) -> None:
    """Words alone have none."""
    assert code_of(refusal) == code
