"""How long to wait before a process that died is started again; pure, lived time as argument."""

DELAYS_S = (0.0, 0.2, 0.5, 1.0, 2.0, 5.0)
"""The first restart is at once: viewers wait in the backlog meanwhile."""

HEALTHY_AFTER_S = 3.0
"""Longer than a Python program needs to start and to refuse a setting, shorter than two kills in a row."""


class Backoff:
    """One process's record of deaths."""

    def __init__(self) -> None:
        self.early_deaths = 0
        """Deaths in a row of a process that had not lived long enough to count as healthy."""

    def died(self, *, lived_s: float) -> float:
        """Note a death after `lived_s` seconds of life; the answer is the pause in seconds before the next start."""
        self.early_deaths = 1 if lived_s >= HEALTHY_AFTER_S else self.early_deaths + 1
        return DELAYS_S[min(self.early_deaths, len(DELAYS_S)) - 1]

    @property
    def keeps_dying(self) -> bool:
        """True when it has died early three times in a row: somebody should look at its log."""
        return self.early_deaths >= 3
