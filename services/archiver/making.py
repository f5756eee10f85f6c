"""What a job asks for, whatever that is."""

from collections.abc import Awaitable, Callable
from typing import Protocol

Report = Callable[[float], Awaitable[None]]
"""Told how much is done, in percent; what it raises ends the work."""


class MakingError(Exception):
    """What cannot be made, however often one tries; the text is for whoever ordered it."""


class Making(Protocol):
    """One job's work, done under its lease."""

    leaves_order: bool
    """Whether the order stays when it is carried out, and is where what was made is found."""

    async def make(self, report: Report) -> None:
        """Do it, from the beginning or from where another has left off, and note in the job what has come of it.

        Errors: MakingError; Stale, where it is not wanted any more; those of store and bus; what `report` raises.
        """
        ...

    async def tidy(self) -> None:
        """Remove what was made for an order that is not wanted any more. Errors: those of the bus."""
        ...

    def say(self) -> None:
        """Say how far the job is, where somebody listens."""
        ...
