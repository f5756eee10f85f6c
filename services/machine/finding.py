"""What the doctor finds, one thing at a time, and how it is shown."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    """Worth knowing; nothing is broken."""
    WRONG = "wrong"
    """Something does not work, or will not."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    subject: str
    verdict: Verdict
    text: str
    advice: str = ""


def judged(subject: str, is_good: bool, text: str, advice: str) -> Finding:
    """OK, or WRONG with what to do about it."""
    return Finding(subject, Verdict.OK, text) if is_good else Finding(subject, Verdict.WRONG, text, advice)


def as_json(findings: Iterable[Finding]) -> str:
    found = list(findings)
    healthy = all(one.verdict is not Verdict.WRONG for one in found)
    return json.dumps({"isHealthy": healthy, "findings": [asdict(one) for one in found]}, indent=2)


def as_text(findings: Iterable[Finding]) -> str:
    """A line each, and under what is wrong a line with the advice."""
    found = list(findings)
    width = max((len(one.subject) for one in found), default=0)
    lines = []
    for one in found:
        lines.append(f"{one.verdict:<5}  {one.subject:<{width}}  {one.text}")
        if one.advice:
            lines.append(f"{'':5}  {'':{width}}  -> {one.advice}")
    wrong = sum(one.verdict is Verdict.WRONG for one in found)
    return "\n".join([*lines, "", f"{wrong} wrong" if wrong else "nothing is wrong"])
