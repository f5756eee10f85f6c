"""What a rule is, and how violations are told."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

S = TypeVar("S")


@dataclass(frozen=True)
class Violation:
    rule: str
    section: str
    must: bool
    text: str

    def __str__(self) -> str:
        return f"{'MUST' if self.must else 'SHOULD'} {self.section} {self.rule}: {self.text}"


@dataclass(frozen=True)
class Rule(Generic[S]):
    """A named check of one subject: it yields one text for each violation."""

    name: str
    section: str
    must: bool
    check: Callable[[S], Iterable[str]]


class RuleBook(Generic[S]):
    """The rules of one kind of subject, in the order they were written down."""

    def __init__(self) -> None:
        self.rules: list[Rule[S]] = []

    def rule(
        self, name: str, section: str, *, must: bool = True
    ) -> Callable[[Callable[[S], Iterable[str]]], Callable[[S], Iterable[str]]]:
        def add(check: Callable[[S], Iterable[str]]) -> Callable[[S], Iterable[str]]:
            self.rules.append(Rule(name, section, must, check))
            return check

        return add

    def violations(self, subject: S) -> list[Violation]:
        return [Violation(r.name, r.section, r.must, text) for r in self.rules for text in r.check(subject)]
